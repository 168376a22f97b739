//! `numpy.random.SeedSequence`: how one integer and a path become many seeds (O'Neill 2015, randutils' seed sequence).

const INIT_A: u32 = 0x43b0_d7e5;
const MULT_A: u32 = 0x931e_8875;
const INIT_B: u32 = 0x8b51_f9dd;
const MULT_B: u32 = 0x58f3_8ded;
const MIX_L: u32 = 0xca01_f9dd;
const MIX_R: u32 = 0x4973_f715;

/// The first word of `SeedSequence(entropy, spawn_key=path, pool_size=pool).generate_state(…)`.
pub(crate) fn first_seed(entropy: u64, path: &[u64], pool: usize) -> u32 {
    let mut words = words(entropy);
    if !path.is_empty() {
        words.resize(words.len().max(pool), 0);
        words.extend(path.iter().flat_map(|number| self::words(*number)));
    }
    let mut constant = INIT_A;
    let mut hash = |value: u32| {
        let value = value ^ constant;
        constant = constant.wrapping_mul(MULT_A);
        fold(value.wrapping_mul(constant))
    };
    let mut state: Vec<u32> = (0..pool).map(|i| hash(words.get(i).copied().unwrap_or(0))).collect();
    for source in 0..pool {
        for target in 0..pool {
            if source != target {
                state[target] = mix(state[target], hash(state[source]));
            }
        }
    }
    for word in words.iter().skip(pool) {
        for target in &mut state {
            *target = mix(*target, hash(*word));
        }
    }
    fold((state[0] ^ INIT_B).wrapping_mul(INIT_B.wrapping_mul(MULT_B)))
}

fn fold(x: u32) -> u32 {
    x ^ (x >> 16)
}

fn mix(x: u32, y: u32) -> u32 {
    fold(MIX_L.wrapping_mul(x).wrapping_sub(MIX_R.wrapping_mul(y)))
}

/// The 32-bit words of a number, the low one first, without leading zeros; one word for 0.
fn words(number: u64) -> Vec<u32> {
    let (low, high) = (number as u32, (number >> 32) as u32);
    if high == 0 { vec![low] } else { vec![low, high] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_those_of_numpy() {
        for (entropy, path, pool, seed) in NUMPY {
            assert_eq!(first_seed(entropy, path, pool), seed, "{entropy} {path:?} {pool}");
        }
    }

    const NUMPY: [(u64, &[u64], usize, u32); 5] = [
        (0, &[], 4, 2968811710),
        (7, &[], 24, 1376543887),
        (7, &[0, 0], 24, 261727054),
        (12345678901234, &[1234567890123, 41], 24, 3518220217),
        (2147483648, &[5, 3], 8, 2066139750),
    ];
}
