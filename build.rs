//! How the shared library is linked: with a soname, and never unmapped (its threads and callbacks would outlive it).

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libcalltap.so.0");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
