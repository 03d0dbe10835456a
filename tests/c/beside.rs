//! Another static library with a Rust runtime in it, as a program may have one beside calltap. Built by rustc alone.
#![crate_type = "staticlib"]

/// 1 when its own panic came back to its own code.
#[unsafe(no_mangle)]
pub extern "C" fn beside_catches_its_panic() -> u32 {
    let nothing: Vec<u32> = Vec::new();
    std::panic::set_hook(Box::new(|_| ()));
    u32::from(std::panic::catch_unwind(|| nothing[std::process::id() as usize]).is_err())
}
