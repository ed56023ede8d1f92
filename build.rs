//! How the program is linked where it is built to be installed: pointers that only follow where it is loaded are kept packed,
//! and functions that are the same are kept once. Both are the linker's that Rust brings for this target.
//! Source: lld's manual, `-z pack-relative-relocs` and `--icf`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let of = |name| std::env::var(name).unwrap_or_default();
    if of("TARGET") == "x86_64-unknown-linux-gnu" && of("PROFILE") == "release" {
        println!("cargo::rustc-link-arg-bin=custody=-Wl,-z,pack-relative-relocs,--icf=all");
    }
}
