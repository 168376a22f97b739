//! The quantile function of the standard normal distribution, `Φ⁻¹`.
//!
//! Rational approximations of Wichura 1988 (algorithm AS 241, PPND16), accurate to about 1e-16 relative.

/// The number below which a standard normal variable lies with probability `u`, for `u` strictly between 0 and 1.
pub(crate) fn normal_quantile(u: f64) -> f64 {
    let q = u - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * ratio(&CENTRE, r);
    }
    let tail = if q < 0.0 { u } else { 1.0 - u };
    let r = (-tail.ln()).sqrt();
    let x = if r <= 5.0 { ratio(&TAIL, r - 1.6) } else { ratio(&FAR_TAIL, r - 5.0) };
    x.copysign(q)
}

/// Numerator and denominator, lowest power first.
type Ratio = ([f64; 8], [f64; 8]);

fn ratio((numerator, denominator): &Ratio, r: f64) -> f64 {
    let value = |coefficients: &[f64; 8]| coefficients.iter().rev().fold(0.0, |sum, c| sum * r + c);
    value(numerator) / value(denominator)
}

#[allow(clippy::excessive_precision, reason = "these are the digits of the paper")]
const CENTRE: Ratio = (
    [
        3.387_132_872_796_366_608,
        1.331_416_678_917_843_774_5e2,
        1.971_590_950_306_551_442_7e3,
        1.373_169_376_550_946_112_5e4,
        4.592_195_393_154_987_145_7e4,
        6.726_577_092_700_870_085_3e4,
        3.343_057_558_358_812_810_5e4,
        2.509_080_928_730_122_672_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091_125_2e1,
        6.871_870_074_920_579_083e2,
        5.394_196_021_424_751_107_7e3,
        2.121_379_430_158_659_586_7e4,
        3.930_789_580_009_271_061e4,
        2.872_908_573_572_194_267_4e4,
        5.226_495_278_852_854_561e3,
    ],
);

#[allow(clippy::excessive_precision, reason = "as above")]
const TAIL: Ratio = (
    [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_9,
        5.769_497_221_460_691_405_5,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        2.417_807_251_774_506_117_7e-1,
        2.272_384_498_926_918_458_33e-2,
        7.745_450_142_783_414_076_4e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_4,
        6.897_673_349_851_000_045_5e-1,
        1.481_039_764_274_800_745_9e-1,
        1.519_866_656_361_645_719_66e-2,
        5.475_938_084_995_344_946e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
);

#[allow(clippy::excessive_precision, reason = "as above")]
const FAR_TAIL: Ratio = (
    [
        6.657_904_643_501_103_777_2,
        5.463_784_911_164_114_369_9,
        1.784_826_539_917_291_335_8,
        2.965_605_718_285_048_912_3e-1,
        2.653_218_952_657_612_309_3e-2,
        1.242_660_947_388_078_438_6e-3,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        5.998_322_065_558_879_376_9e-1,
        1.369_298_809_227_358_053_1e-1,
        1.487_536_129_085_061_485_25e-2,
        7.868_691_311_456_132_591e-4,
        1.846_318_317_510_054_681_8e-5,
        1.421_511_758_316_445_888_7e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_distribution_function() {
        // Pairs (u, Φ⁻¹(u)) to full precision.
        for (u, x) in GOLDEN {
            assert!(
                (normal_quantile(u) - x).abs() <= 2e-15 * x.abs(),
                "{u}: {} against {x}",
                normal_quantile(u)
            );
        }
        assert_eq!(normal_quantile(0.5), 0.0);
    }

    #[test]
    fn is_odd_about_one_half_and_increases() {
        let mut last = f64::NEG_INFINITY;
        for k in 1..10_000 {
            let u = f64::from(k) / 10_000.0;
            let x = normal_quantile(u);
            assert!(x > last);
            assert!((x + normal_quantile(1.0 - u)).abs() < 1e-11);
            last = x;
        }
    }

    #[test]
    fn is_finite_at_the_smallest_draws() {
        assert!(normal_quantile(f64::EPSILON / 4.0).is_finite());
        assert!(normal_quantile(1.0 - f64::EPSILON / 2.0).is_finite());
    }

    // Roots of Φ(x) = u found with 40 digits.
    #[allow(clippy::excessive_precision, reason = "more digits than a double holds")]
    const GOLDEN: [(f64, f64); 9] = [
        (1e-300, -37.047_096_299_361_199_237),
        (1e-20, -9.262_340_089_798_407_579_6),
        (1e-9, -5.997_807_015_007_686_861_4),
        (0.001, -3.090_232_306_167_813_535_4),
        (0.074, -1.446_632_067_158_978_509_9),
        (0.2, -0.841_621_233_572_914_165_52),
        (0.6, 0.253_347_103_135_799_741_32),
        (0.925, 1.439_531_470_938_456_229_1),
        (0.99, 2.326_347_874_040_840_767_6),
    ];
}
