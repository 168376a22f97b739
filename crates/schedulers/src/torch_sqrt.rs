//! `torch.sqrt` of float32 numbers as PyTorch computes it on x86-64: within one unit in the last place, but not rounded
//! correctly.
//!
//! MKL refines the processor's estimate `r ≈ 1/√x` twice: `e = ½ − (x r)(r/2)`, `t = x r (1 + e)`, `h = (r/2)(1 + e)`,
//! `√x ≈ t + (x − t²) h`, each operation rounded. The last bit decides where rescaled schedules end, and which of two
//! whole timesteps a level belongs to. The estimate is that of AMD's processors, a sum of two tables of 12 bits in the
//! top bits of `x`; other processors estimate other bits.

/// The root as PyTorch has it; correctly rounded outside the normal numbers.
pub(crate) fn sqrt(x: f32) -> f32 {
    if !(x >= f32::MIN_POSITIVE && x.is_finite()) {
        return x.sqrt();
    }
    let r = estimate(x);
    let (root, half) = (x * r, 0.5 * r);
    let e = 0.5 - root * half;
    let (root, half) = (root + root * e, half + half * e);
    root + (x - root * root) * half
}

/// `1/√x` to 12 bits, of a positive normal number.
fn estimate(x: f32) -> f32 {
    let bits = x.to_bits();
    // x = m · 4^k with m in [1, 4): the row is the upper half of m's 5 leading bits.
    let exponent = (bits >> 23) as i32 - 127;
    let (k, odd) = (exponent.div_euclid(2), exponent.rem_euclid(2) as usize);
    let field = |from: u32| (bits >> from & 15) as usize;
    let (row, column, low) = (16 * odd + field(19), field(15), field(11));
    let falls = (STEPS[row] & ((1 << low) - 1)).count_ones();
    let numerator = u32::from(BASE[row][column]) - falls;
    numerator as f32 / 8192.0 * 2.0f32.powi(-k)
}

/// How much the low 4 bits take off: bit `j` says whether the value falls from `j` to `j + 1`.
const STEPS: [u16; 32] = [
    0x7F7F, 0x77F7, 0x5F7B, 0x5DDB, 0x5B76, 0x6D6D, 0x5B56, 0x356A, 0x5555, 0x2AAA, 0x552A, 0x4AA5,
    0x2A52, 0x494A, 0x4A52, 0x24A4, 0x5B6D, 0x36D6, 0x2B56, 0x5556, 0x2AAA, 0x4AA9, 0x254A, 0x294A,
    0x1494, 0x2492, 0x2492, 0x2249, 0x1224, 0x1224, 0x2222, 0x2222,
];

/// 8192 times the estimate by the 4 leading bits (rows) and the next 4 bits (columns).
const BASE: [[u16; 16]; 32] = [
    [
        8191, 8175, 8159, 8144, 8128, 8112, 8097, 8082, 8066, 8051, 8036, 8021, 8006, 7991, 7976,
        7962,
    ],
    [
        7947, 7932, 7918, 7903, 7889, 7875, 7861, 7847, 7833, 7819, 7805, 7791, 7777, 7764, 7750,
        7737,
    ],
    [
        7723, 7710, 7696, 7683, 7670, 7657, 7644, 7631, 7618, 7605, 7593, 7580, 7567, 7555, 7542,
        7530,
    ],
    [
        7517, 7505, 7492, 7480, 7468, 7456, 7444, 7432, 7420, 7408, 7397, 7385, 7373, 7362, 7350,
        7339,
    ],
    [
        7326, 7315, 7304, 7292, 7281, 7270, 7259, 7248, 7237, 7226, 7215, 7204, 7193, 7182, 7172,
        7161,
    ],
    [
        7150, 7140, 7129, 7119, 7108, 7098, 7087, 7077, 7067, 7057, 7046, 7036, 7026, 7016, 7006,
        6996,
    ],
    [
        6986, 6976, 6966, 6956, 6946, 6937, 6927, 6917, 6908, 6898, 6889, 6879, 6870, 6860, 6851,
        6842,
    ],
    [
        6832, 6823, 6814, 6804, 6795, 6786, 6777, 6768, 6759, 6750, 6741, 6732, 6723, 6715, 6706,
        6697,
    ],
    [
        6689, 6680, 6671, 6663, 6654, 6646, 6637, 6629, 6620, 6612, 6603, 6595, 6587, 6578, 6570,
        6562,
    ],
    [
        6553, 6545, 6537, 6529, 6521, 6513, 6505, 6497, 6489, 6481, 6473, 6465, 6457, 6450, 6442,
        6434,
    ],
    [
        6426, 6418, 6411, 6403, 6395, 6388, 6380, 6373, 6365, 6358, 6350, 6343, 6335, 6328, 6321,
        6313,
    ],
    [
        6306, 6299, 6292, 6285, 6277, 6270, 6263, 6256, 6249, 6242, 6235, 6228, 6221, 6214, 6207,
        6200,
    ],
    [
        6192, 6185, 6178, 6172, 6165, 6158, 6151, 6144, 6138, 6131, 6124, 6118, 6111, 6104, 6098,
        6091,
    ],
    [
        6085, 6078, 6072, 6065, 6059, 6052, 6046, 6039, 6033, 6027, 6020, 6014, 6008, 6001, 5995,
        5989,
    ],
    [
        5982, 5976, 5970, 5964, 5958, 5952, 5946, 5939, 5933, 5927, 5921, 5915, 5909, 5903, 5897,
        5891,
    ],
    [
        5885, 5879, 5873, 5867, 5861, 5856, 5850, 5844, 5838, 5832, 5827, 5821, 5815, 5809, 5804,
        5798,
    ],
    [
        5792, 5781, 5770, 5758, 5747, 5737, 5726, 5715, 5704, 5693, 5683, 5672, 5661, 5651, 5640,
        5630,
    ],
    [
        5619, 5609, 5599, 5588, 5578, 5568, 5558, 5548, 5538, 5529, 5519, 5509, 5499, 5490, 5480,
        5471,
    ],
    [
        5461, 5451, 5442, 5433, 5423, 5414, 5405, 5396, 5387, 5378, 5369, 5360, 5351, 5342, 5333,
        5324,
    ],
    [
        5315, 5307, 5298, 5289, 5281, 5272, 5264, 5255, 5247, 5239, 5230, 5222, 5214, 5205, 5197,
        5189,
    ],
    [
        5181, 5173, 5165, 5157, 5149, 5141, 5133, 5125, 5117, 5109, 5102, 5094, 5086, 5079, 5071,
        5064,
    ],
    [
        5056, 5049, 5041, 5034, 5026, 5019, 5012, 5004, 4997, 4990, 4983, 4975, 4968, 4961, 4954,
        4947,
    ],
    [
        4940, 4933, 4926, 4919, 4912, 4905, 4898, 4891, 4885, 4878, 4871, 4864, 4858, 4851, 4844,
        4838,
    ],
    [
        4831, 4825, 4818, 4812, 4805, 4799, 4792, 4786, 4780, 4773, 4767, 4761, 4754, 4748, 4742,
        4736,
    ],
    [
        4729, 4723, 4717, 4711, 4705, 4699, 4693, 4687, 4681, 4675, 4669, 4663, 4657, 4651, 4645,
        4640,
    ],
    [
        4634, 4628, 4622, 4617, 4611, 4605, 4599, 4594, 4588, 4583, 4577, 4571, 4566, 4560, 4555,
        4549,
    ],
    [
        4544, 4539, 4533, 4528, 4522, 4517, 4512, 4506, 4501, 4496, 4490, 4485, 4480, 4475, 4470,
        4464,
    ],
    [
        4459, 4454, 4449, 4444, 4439, 4434, 4429, 4424, 4419, 4414, 4409, 4404, 4399, 4394, 4389,
        4384,
    ],
    [
        4378, 4374, 4369, 4364, 4359, 4354, 4349, 4345, 4340, 4335, 4330, 4326, 4321, 4316, 4312,
        4307,
    ],
    [
        4302, 4298, 4293, 4289, 4284, 4279, 4275, 4270, 4266, 4261, 4257, 4252, 4248, 4243, 4239,
        4235,
    ],
    [
        4230, 4226, 4221, 4217, 4213, 4208, 4204, 4200, 4195, 4191, 4187, 4183, 4178, 4174, 4170,
        4166,
    ],
    [
        4161, 4157, 4153, 4149, 4145, 4141, 4137, 4132, 4128, 4124, 4120, 4116, 4112, 4108, 4104,
        4100,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_right_to_12_bits() {
        for i in 0..100_000u32 {
            let x = f32::from_bits(0x3000_0000 + i * 3_331);
            let error = f64::from(estimate(x)) * f64::from(x).sqrt() - 1.0;
            assert!(error.abs() < 1.5 / 4096.0, "{x}: {error}");
        }
    }

    #[test]
    fn roots_are_right_to_one_unit_in_the_last_place() {
        for i in 0..200_000u32 {
            let x = f32::from_bits(0x3000_0000 + i * 1_543);
            let distance = sqrt(x).to_bits().abs_diff(x.sqrt().to_bits());
            assert!(distance <= 1, "{x}: {} and {}", sqrt(x), x.sqrt());
        }
        assert_eq!((sqrt(0.0), sqrt(f32::INFINITY)), (0.0, f32::INFINITY));
        assert!(sqrt(-1.0).is_nan());
    }

    /// Bits that PyTorch 2.15 returned, of which the last four are not correctly rounded.
    #[test]
    fn the_bits_are_those_of_pytorch() {
        for (x, bits) in TORCH {
            assert_eq!(sqrt(f32::from_bits(x)).to_bits(), bits, "{x:08x}");
        }
    }

    const TORCH: [(u32, u32); 8] = [
        (0x410F296E, 0x403F70BF),
        (0x3CCDEC35, 0x3E225A0F),
        (0x3A2964CA, 0x3CD03DFD),
        (0x39E51E4B, 0x3CAB4070),
        (0x443886DE, 0x41D95854),
        (0x40009F66, 0x3FB57587),
        (0x421DB6B6, 0x40C8EF41),
        (0x45322CFC, 0x4255926D),
    ];
}
