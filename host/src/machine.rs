//! Owns what a host asks of the system that it runs on: pages of the usual size. Nothing depends on getting
//! it.

/// Has the system give this process no huge pages. It zeroes each as a whole when it is first touched, which
/// a fresh upload waited for up to a tenth of a second; turns are no slower with small ones.
pub(crate) fn use_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!("huge pages stay allowed: {error}");
    }
}
