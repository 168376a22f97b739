//! How much memory this process holds, as Linux tells it in `/proc/self/status`; other systems tell nothing here.

/// Resident now, in MiB.
pub(crate) fn now() -> Option<f64> {
    line("VmRSS")
}

/// The most that was ever resident, in MiB.
pub(crate) fn peak() -> Option<f64> {
    line("VmHWM")
}

fn line(key: &str) -> Option<f64> {
    mib(&std::fs::read_to_string("/proc/self/status").ok()?, key)
}

/// `VmHWM:   2048 kB` as 2.
fn mib(status: &str, key: &str) -> Option<f64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    let kilobytes: f64 = rest.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kilobytes_become_mib() {
        let status = "Name:\tx\nVmHWM:\t    2560 kB\nVmRSS:\t    1024 kB\nVmHWMx:\t1 kB\n";
        assert_eq!((mib(status, "VmHWM"), mib(status, "VmRSS")), (Some(2.5), Some(1.0)));
        assert_eq!((mib(status, "VmPeak"), mib("VmHWM: many", "VmHWM")), (None, None));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_peak_rises_with_what_is_touched_and_stays() {
        let before = peak().unwrap();
        let touched = vec![1_u8; 64 << 20];
        assert!(now().unwrap() > 64.0);
        assert_eq!(touched.iter().map(|&b| usize::from(b)).sum::<usize>(), 64 << 20);
        drop(touched);
        assert!(peak().unwrap() >= before.max(64.0));
    }
}
