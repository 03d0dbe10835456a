//! What C may pass: each kind of pointer as a type, checked where it is used.
//!
//! A value of these types comes from C alone, so each stands for what `base.h` says the host promises: it is null, or
//! points to what its kind says for as long as the function runs. What a check can find out is checked: null, alignment,
//! `struct_size`. They are transparent: an export's signature is the header's.

use std::ffi::{CStr, OsStr, c_char};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::c;
use super::failure::Failure;

/// A struct that begins with its size.
///
/// # Safety
/// It must be `repr(C)`, begin with a `u32` that says its size, and have only members for which every pattern of bits is
/// a value.
pub(super) unsafe trait Struct: Copy {
    /// Its size in the first header that had it.
    const FIRST: usize;

    /// All zero but its size.
    fn sized() -> Self {
        let mut zero = MaybeUninit::<Self>::zeroed();
        // SAFETY: `zero` has room for a `Self`, which begins with this `u32`.
        unsafe { zero.as_mut_ptr().cast::<u32>().write(size_of::<Self>() as u32) };
        // SAFETY: every pattern of bits is a value of it.
        unsafe { zero.assume_init() }
    }
}

/// The most bytes that a struct may say it has: more is no size, and nothing is read so far out.
const MOST: usize = 1 << 16;

/// What stands at `place` as its struct_size, if it is one.
fn size_at<T: Struct>(place: *const T, what: &'static str) -> Result<usize, Failure> {
    if place.is_null() {
        return Err(Failure::null(what));
    }
    if !place.is_aligned() {
        return Err(Failure::argument(what));
    }
    // SAFETY: it is not null, aligned, and the host says that a struct is there, which begins with this.
    let size = unsafe { place.cast::<u32>().read() } as usize;
    if size < T::FIRST || size > MOST {
        return Err(Failure::new(c::E_SIZE, what));
    }
    Ok(size)
}

/// A struct that the host made.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct In<T>(*const T);

impl<T: Struct> In<T> {
    /// A copy of it. What an older host does not know is zero; a newer host must not use what is not known here.
    pub(super) fn read(self, what: &'static str) -> Result<T, Failure> {
        let size = size_at(self.0, what)?;
        let known = size.min(size_of::<T>());
        let mut copy = T::sized();
        let to = (&raw mut copy).cast::<u8>();
        // SAFETY: the host says that `size` bytes are there, and `copy` has room for `known`; every pattern is a value.
        unsafe { to.copy_from_nonoverlapping(self.0.cast(), known) };
        // SAFETY: `known` is at most `size`, so it is in the struct or at its end.
        let tail = unsafe { self.0.cast::<u8>().add(known) };
        // SAFETY: these are the rest of the `size` bytes.
        let tail = unsafe { std::slice::from_raw_parts(tail, size - known) };
        if tail.iter().any(|byte| *byte != 0) {
            return Err(Failure::new(c::E_SIZE, what));
        }
        Ok(copy)
    }

    /// The same where null has a meaning.
    pub(super) fn optional(self, what: &'static str) -> Result<Option<T>, Failure> {
        if self.0.is_null() { Ok(None) } else { self.read(what).map(Some) }
    }
}

/// A struct that is to be filled.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct Out<T>(*mut T);

/// Checked room for a struct.
pub(super) struct Room<T> {
    place: *mut T,
    size: usize,
}

impl<T: Struct> Out<T> {
    #[cfg(test)]
    pub(super) const NULL: Out<T> = Out(std::ptr::null_mut());

    #[cfg(test)]
    pub(super) fn to(room: &mut T) -> Out<T> {
        Out(room)
    }

    /// Checks that there is room.
    pub(super) fn required(self, what: &'static str) -> Result<Room<T>, Failure> {
        Ok(Room { place: self.0, size: size_at(self.0, what)? })
    }

    /// The same where null means that nobody wants to know.
    pub(super) fn optional(self, what: &'static str) -> Result<Option<Room<T>>, Failure> {
        if self.0.is_null() { Ok(None) } else { self.required(what).map(Some) }
    }
}

impl<T: Struct> Room<T> {
    /// What the host put there.
    pub(super) fn read(&self, what: &'static str) -> Result<T, Failure> {
        In(self.place.cast_const()).read(what)
    }

    /// Fills it as far as the host knows the struct; what only the host knows becomes zero. Its struct_size stays.
    pub(super) fn fill(&self, value: &T) {
        let skip = size_of::<u32>();
        let known = self.size.min(size_of::<T>());
        let from = std::ptr::from_ref(value).cast::<u8>();
        let to = self.place.cast::<u8>();
        // SAFETY: a struct is longer than its struct_size.
        let from = unsafe { from.add(skip) };
        // SAFETY: the same.
        let members = unsafe { to.add(skip) };
        // SAFETY: both have `known` bytes, and the host's room is not the library's value.
        unsafe { members.copy_from_nonoverlapping(from, known - skip) };
        // SAFETY: `known` is at most `size`.
        let tail = unsafe { to.add(known) };
        // SAFETY: these are the rest of the `size` bytes that the host says are there.
        unsafe { tail.write_bytes(0, self.size - known) };
    }
}

/// One plain value that is to be filled.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct OutValue<T>(*mut T);

/// Checked room for a plain value.
pub(super) struct Value<T>(*mut T);

impl<T: Copy> OutValue<T> {
    /// Checks that there is room and writes `first` there, which stays when what follows fails.
    pub(super) fn required(self, first: T, what: &'static str) -> Result<Value<T>, Failure> {
        if self.0.is_null() {
            return Err(Failure::null(what));
        }
        if !self.0.is_aligned() {
            return Err(Failure::argument(what));
        }
        let value = Value(self.0);
        value.put(first);
        Ok(value)
    }

    /// The same where null means that nobody wants to know.
    pub(super) fn optional(self, first: T, what: &'static str) -> Result<Option<Value<T>>, Failure> {
        if self.0.is_null() { Ok(None) } else { self.required(first, what).map(Some) }
    }
}

impl<T: Copy> Value<T> {
    pub(super) fn put(&self, value: T) {
        // SAFETY: it is not null, aligned, and the host says that there is room for one.
        unsafe { self.0.write(value) };
    }
}

/// A list that the host made: its first element. It may be null when it has none.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct List<T>(*const T);

impl<T: Copy> List<T> {
    /// A list whose place stands in a struct.
    pub(super) fn at(place: *const T) -> List<T> {
        List(place)
    }

    /// Its elements; at most `most`. `name` is the member, `end` says what was not done.
    pub(super) fn elements(&self, count: usize, most: usize, name: &str, end: &str) -> Result<&[T], Failure> {
        if count == 0 {
            return Ok(&[]);
        }
        if self.0.is_null() {
            let text = format!("{name}: it is null, and {count} elements are said to be there; {end}");
            return Err(Failure::new(c::E_NULL, text));
        }
        if !self.0.is_aligned() {
            return Err(Failure::argument(format!("{name}: it is not aligned; {end}")));
        }
        if count > most {
            return Err(Failure::argument(format!("{name}: {count} are more than {most}; {end}")));
        }
        // SAFETY: it is not null, aligned, and the host says that `count` elements are there while the function runs.
        Ok(unsafe { std::slice::from_raw_parts(self.0, count) })
    }
}

/// Room of the host for elements of a list. It may be null when there is none.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct OutList<T>(*mut T);

impl<T: Copy> OutList<T> {
    /// Room whose place stands in a struct.
    pub(super) fn at(place: *mut T) -> OutList<T> {
        OutList(place)
    }

    /// Checks that there is room for `room` elements.
    pub(super) fn check(self, room: usize, what: &'static str) -> Result<(), Failure> {
        match room {
            0 => Ok(()),
            _ if self.0.is_null() => Err(Failure::null(what)),
            _ if !self.0.is_aligned() => Err(Failure::argument(what)),
            _ => Ok(()),
        }
    }

    /// Writes as many of `elements` as there is room for. To be checked before.
    pub(super) fn fill(self, room: usize, elements: impl Iterator<Item = T>) {
        for (place, element) in elements.take(room).enumerate() {
            // SAFETY: `place` is below `room`, and the host says that there is room for so many.
            let to = unsafe { self.0.add(place) };
            // SAFETY: the same, and it was checked for null and alignment.
            unsafe { to.write(element) };
        }
    }
}

/// A text of the host.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct Text<'a>(*const c_char, PhantomData<&'a c_char>);

impl<'a> Text<'a> {
    /// A text whose place stands in a struct.
    pub(super) fn at(place: *const c_char) -> Text<'a> {
        Text(place, PhantomData)
    }

    /// The text; an error that begins with `what` when it is null or no UTF-8.
    pub(super) fn required(self, what: &'static str) -> Result<&'a str, Failure> {
        if self.0.is_null() {
            return Err(Failure::null(what));
        }
        // SAFETY: it is not null, and the host says that it ends with a zero and does not change while the function runs.
        let text = unsafe { CStr::from_ptr(self.0) };
        text.to_str().map_err(|_| Failure::argument(format!("{what}: it is not UTF-8")))
    }

    /// The text as a path, whose bytes may be any.
    pub(super) fn path(self, what: &'static str) -> Result<&'a Path, Failure> {
        if self.0.is_null() {
            return Err(Failure::null(what));
        }
        // SAFETY: as in `required`.
        let text = unsafe { CStr::from_ptr(self.0) };
        Ok(Path::new(OsStr::from_bytes(text.to_bytes())))
    }

    /// The same, empty for null.
    pub(super) fn or_empty(self, what: &'static str) -> Result<&'a str, Failure> {
        if self.0.is_null() { Ok("") } else { self.required(what) }
    }
}

/// Bytes of the host.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct Bytes<T>(*const T);

impl<T> Bytes<T> {
    /// Bytes whose place stands in a struct.
    pub(super) fn at(place: *const T) -> Bytes<T> {
        Bytes(place)
    }

    pub(super) fn is_null(&self) -> bool {
        self.0.is_null()
    }

    /// `length` bytes; it may be null when there are none.
    pub(super) fn read(&self, length: usize, what: &'static str) -> Result<&[u8], Failure> {
        List(self.0.cast::<u8>()).slice(length, what)
    }
}

impl List<u8> {
    fn slice<'a>(self, length: usize, what: &'static str) -> Result<&'a [u8], Failure> {
        match length {
            0 => Ok(&[]),
            _ if self.0.is_null() => Err(Failure::null(what)),
            // More than there can be.
            _ if isize::try_from(length).is_err() => Err(Failure::argument(what)),
            // SAFETY: it is not null, and the host says that `length` bytes are there while the function runs.
            _ => Ok(unsafe { std::slice::from_raw_parts(self.0, length) }),
        }
    }
}

/// An object of which several functions may run at once.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct Shared<T>(*mut T);

/// The same, where the header says `const`.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct Const<T>(*const T);

/// An object of which one function runs at a time.
#[repr(transparent)]
pub(super) struct Exclusive<T>(*mut T);

impl<T> Shared<T> {
    pub(super) fn get(&self, what: &'static str) -> Result<&T, Failure> {
        // SAFETY: null, or an object that the host has not destroyed: base.h.
        unsafe { self.0.as_ref() }.ok_or_else(|| Failure::null(what))
    }
}

impl<T> Const<T> {
    pub(super) fn get(&self, what: &'static str) -> Result<&T, Failure> {
        self.optional().ok_or_else(|| Failure::null(what))
    }

    pub(super) fn optional(&self) -> Option<&T> {
        // SAFETY: null, or an object that the host has not destroyed: base.h.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Exclusive<T> {
    pub(super) fn get(&mut self, what: &'static str) -> Result<&mut T, Failure> {
        // SAFETY: null, or an object that the host has not destroyed and uses on no other thread now: base.h.
        unsafe { self.0.as_mut() }.ok_or_else(|| Failure::null(what))
    }
}

/// The host's pointer to an object: where a new one is put, and what is destroyed.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(super) struct Slot<T>(*mut *mut T);

/// A checked place for a new object, null so far.
pub(super) struct Place<T>(Value<*mut T>);

impl<T> Slot<T> {
    /// Checks that there is a place, and makes it null.
    pub(super) fn place(self, what: &'static str) -> Result<Place<T>, Failure> {
        OutValue(self.0).required(std::ptr::null_mut(), what).map(Place)
    }

    /// Takes the object out and leaves null. Nothing for null and for a pointer to null.
    pub(super) fn take(self) -> Option<Box<T>> {
        if self.0.is_null() || !self.0.is_aligned() {
            return None;
        }
        // SAFETY: it is not null and aligned, and the host says that its pointer is there.
        let object = unsafe { self.0.replace(std::ptr::null_mut()) };
        // SAFETY: a pointer that is not null came from `Place::put`, and null was left in its place.
        (!object.is_null()).then(|| unsafe { Box::from_raw(object) })
    }
}

impl<T> Place<T> {
    /// Gives the object to the host.
    pub(super) fn put(self, object: T) {
        self.0.put(Box::into_raw(Box::new(object)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A struct that grew: its first header had `struct_size`, `flags` and `old`.
    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Grown {
        struct_size: u32,
        flags: u32,
        old: u64,
        new: u64,
    }

    // SAFETY: it is `repr(C)`, begins with its size, and has numbers alone.
    unsafe impl Struct for Grown {
        const FIRST: usize = 16;
    }

    /// What a host of another header passes.
    #[repr(C, align(8))]
    struct Bytes64([u8; 64]);

    fn host(size: u32, fill: u8, from: usize) -> Bytes64 {
        let mut bytes = Bytes64([0; 64]);
        bytes.0[..4].copy_from_slice(&size.to_ne_bytes());
        bytes.0[from..(size.min(64) as usize).max(from)].fill(fill);
        bytes
    }

    fn read(host: &Bytes64) -> Result<Grown, i32> {
        In((&raw const host.0).cast::<Grown>()).read("the struct").map_err(|failure| failure.status)
    }

    #[test]
    fn an_older_host_gets_the_default_for_what_it_does_not_know() {
        let read = read(&host(16, 1, 8)).expect("its first size");
        assert_eq!((read.old, read.new), (0x0101_0101_0101_0101, 0));
    }

    #[test]
    fn a_newer_host_may_not_use_what_is_not_known_here() {
        assert!(read(&host(40, 1, 16)).is_err_and(|status| status == c::E_SIZE));
        let mut newer = host(40, 0, 16);
        newer.0[16] = 5;
        assert_eq!(read(&newer).map(|read| read.new), Ok(5));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for size in [0, 1, 4, 15, 1 << 17, u32::MAX] {
            assert_eq!(read(&host(size, 0, 4)), Err(c::E_SIZE), "{size}");
        }
        assert_eq!(In::<Grown>(std::ptr::null()).read("it").map_err(|failure| failure.status), Err(c::E_NULL));
        let bytes = Bytes64([24; 64]);
        let askew = In((&raw const bytes.0[1]).cast::<Grown>()).read("it");
        assert_eq!(askew.map_err(|failure| failure.status), Err(c::E_ARGUMENT));
    }

    #[test]
    fn a_struct_is_filled_as_far_as_the_host_knows_it() {
        let value = Grown { struct_size: 24, flags: 7, old: 8, new: u64::MAX };
        for (size, last) in [(16, 0xee), (24, 0xff), (40, 0xff)] {
            let mut room = host(size, 0xee, 4);
            room.0[size as usize..].fill(0xee);
            let out = Out((&raw mut room.0).cast::<Grown>()).required("the room").map_err(|failure| failure.status);
            out.expect("a size").fill(&value);
            assert_eq!(u32::from_ne_bytes([room.0[0], room.0[1], room.0[2], room.0[3]]), size, "it stays");
            assert_eq!((room.0[4], room.0[8], room.0[23]), (7, 8, last));
            assert!(room.0[size as usize..].iter().all(|byte| *byte == 0xee), "nothing is written behind it");
            assert!(room.0[24..(size as usize).max(24)].iter().all(|byte| *byte == 0), "what nobody knows is zero");
        }
    }

    #[test]
    fn an_object_is_taken_once() {
        let mut object = std::ptr::null_mut::<u8>();
        let slot = Slot(&raw mut object);
        slot.place("it").map_err(|failure| failure.status).expect("a place").put(5);
        assert_eq!(slot.take().as_deref(), Some(&5));
        assert!(object.is_null());
        assert!(slot.take().is_none());
        assert!(Slot::<u8>(std::ptr::null_mut()).take().is_none());
    }
}
