//! The instruction sets kernels are compiled for, and the one in use.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};

/// An instruction set that this processor has. There is no way to hold one that it has not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Isa(pub(super) Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Portable,
    /// Plain Rust in the shapes of AVX-512.
    #[cfg(test)]
    LikeAvx512,
    /// Plain Rust in the shapes of NEON.
    #[cfg(test)]
    LikeNeon,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

impl Isa {
    /// Plain Rust, four lanes; every processor has it.
    pub const PORTABLE: Self = Self(Kind::Portable);

    /// Every instruction set of this processor, the fastest first.
    pub fn available() -> Vec<Self> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2 && is_x86_feature_detected!("avx512f") {
                found.push(Self(Kind::Avx512));
            }
            if avx2 {
                found.push(Self(Kind::Avx2));
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            found.push(Self(Kind::Neon));
        }
        #[cfg(test)]
        found.extend([Self(Kind::LikeAvx512), Self(Kind::LikeNeon)]);
        found.push(Self::PORTABLE);
        found
    }

    /// Conventional name: `avx-512`, `avx2`, `neon` or `portable`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Portable => "portable",
            #[cfg(test)]
            Kind::LikeAvx512 => "portable in the shapes of avx-512",
            #[cfg(test)]
            Kind::LikeNeon => "portable in the shapes of neon",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx-512",
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => "neon",
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// [`code`] of the instruction set in use; zero until first asked.
static CHOSEN: AtomicU8 = AtomicU8::new(0);

/// The instruction set the tensor operations use: the fastest available one (with the feature `portable`, plain Rust)
/// unless [`set_isa`] chose another.
pub fn isa() -> Isa {
    match CHOSEN.load(Ordering::Relaxed) {
        0 => {
            let first = default();
            // Only an empty choice is replaced, so a concurrent `set_isa` is not undone.
            let _ = CHOSEN.compare_exchange(0, code(first), Ordering::Relaxed, Ordering::Relaxed);
            first
        }
        other => decode(other),
    }
}

/// What is used where nothing was chosen.
fn default() -> Isa {
    if cfg!(feature = "portable") { Isa::PORTABLE } else { Isa::available()[0] }
}

/// Makes every tensor operation of this process use `isa`, for example to test the portable path.
pub fn set_isa(isa: Isa) {
    CHOSEN.store(code(isa), Ordering::Relaxed);
}

/// Codes are only ever made from an existing `Isa`, so decoding yields only instruction sets the processor has.
fn code(isa: Isa) -> u8 {
    match isa.0 {
        Kind::Portable => 1,
        #[cfg(test)]
        Kind::LikeAvx512 => 5,
        #[cfg(test)]
        Kind::LikeNeon => 6,
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => 2,
        #[cfg(target_arch = "x86_64")]
        Kind::Avx512 => 3,
        #[cfg(target_arch = "aarch64")]
        Kind::Neon => 4,
    }
}

fn decode(code: u8) -> Isa {
    Isa(match code {
        #[cfg(target_arch = "x86_64")]
        2 => Kind::Avx2,
        #[cfg(target_arch = "x86_64")]
        3 => Kind::Avx512,
        #[cfg(target_arch = "aarch64")]
        4 => Kind::Neon,
        #[cfg(test)]
        5 => Kind::LikeAvx512,
        #[cfg(test)]
        6 => Kind::LikeNeon,
        _ => Kind::Portable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_portable_is_always_there() {
        let all = Isa::available();
        assert_eq!(all.last(), Some(&Isa::PORTABLE));
        for isa in all {
            assert_eq!(decode(code(isa)), isa);
        }
    }
}
