//! The most memory this process has held so far.

/// Bytes of the largest resident set of this process until now, where the system tells it (Linux: `VmHWM`).
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    #[cfg(target_os = "linux")]
    fn it_rises_with_what_is_held_and_never_falls() {
        const SIZE: usize = 64 << 20;
        // The kernel adds up what each processor counted only now and then.
        const SLACK: u64 = 1 << 20;
        let before = peak_memory().unwrap();
        let held = black_box(vec![1_u8; SIZE]);
        let during = peak_memory().unwrap();
        drop(black_box(held));
        let after = peak_memory().unwrap();
        assert!(during + SLACK >= SIZE as u64, "{during}");
        assert!(during + SLACK >= before && after + SLACK >= during, "{before} {during} {after}");
    }
}
