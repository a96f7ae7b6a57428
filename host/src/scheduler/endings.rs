//! Owns the news that an instance has ended, for whoever waits for one: it says that some have, and who
//! listens looks for itself.

use tokio::sync::watch;

/// Tells that instances have ended.
#[derive(Default)]
pub(super) struct Endings(watch::Sender<()>);

impl Endings {
    /// Tells that another one has.
    pub(super) fn tell(&self) {
        self.0.send_replace(());
    }

    /// Returns something that changes whenever another one has.
    pub(super) fn subscribe(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}
