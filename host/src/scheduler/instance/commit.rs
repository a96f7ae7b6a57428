//! Owns the commit of a turn: what was decided goes to disk, and only then is it done.

use super::Instance;
use crate::scheduler::Error;
use crate::scheduler::changes::News;
use crate::scheduler::draft::Draft;
use crate::scheduler::entail::entail;
use crate::scheduler::mailboxes::Envelope;
use crate::scheduler::resident::Resident;
use crate::store::{self, Commit, Receiver, Target};
use crate::workflow::state::Effect;

impl Instance {
    /// Puts a draft on disk, answers whoever waits for it, and does what it entails.
    pub(super) async fn commit(
        &mut self,
        resident: &mut Resident,
        draft: Draft,
    ) -> Result<(), Error> {
        if let Some(summary) = resident.changed() {
            let effects = draft.effects();
            let mut entailed = entail(&self.core, self.number, &resident.state, effects).await?;
            let _starting = entailed.starting.take();
            let (commit, effects) = resident.decide(self.number, draft, &summary, entailed);
            // Whose attempts nobody wants any more.
            let given_up = match &commit.target {
                Target::New(new) => new.replaces.map(|(number, _)| number),
                Target::Existing(_) => commit.history_anew.then_some(self.number),
            };
            let receivers = receivers(&commit);
            let births = News::of_births(&commit);
            let committed = self.core.store.commit(self.core.lease, commit).await;
            if let Err(store::Error::Unavailable(_)) = &committed {
                self.doubtful.extend(receivers);
            }
            let committed = committed?;
            self.core.publish_turn(resident.summary(), &summary, births, &committed.wake);
            if summary.phase.is_terminal() {
                self.core.retaining.ended(self.number, &summary);
                self.core.endings.tell();
            }
            resident.committed(summary);
            if let Some(given_up) = given_up {
                self.core.activities.stop_all_of(given_up);
            }
            self.act(resident, effects);
            for instance in committed.wake {
                self.core.send(instance, Envelope::WakeUp);
            }
        }
        for waiting in std::mem::take(&mut self.waiting) {
            self.settle(&waiting.message);
            if let Some(acknowledge) = waiting.acknowledge {
                let _ = acknowledge.send(Ok(()));
            }
        }
        Ok(())
    }

    fn act(&self, resident: &mut Resident, effects: Vec<Effect>) {
        let Some(run) = resident.state.identity().map(|identity| identity.run) else { return };
        for effect in effects {
            match effect {
                Effect::RunAttempt(attempt) => {
                    self.core.run_attempt(self.number, &resident.state, attempt);
                }
                Effect::StopAttempt(task) => self.core.activities.stop(self.number, run, task),
                Effect::SetTimer(task, due) => {
                    self.core.timers.arm(store::Timer { due, instance: self.number, task });
                }
                // These were part of the commit.
                Effect::ClearTimer(..)
                | Effect::StartChild(_)
                | Effect::CancelChild(..)
                | Effect::EndChildren
                | Effect::TellParent(..)
                | Effect::RaiseEvent { .. } => {}
            }
        }
        resident.emit_logs();
    }
}

/// Whoever has something to do because of a commit.
fn receivers(commit: &Commit) -> Vec<Receiver> {
    let births = commit.births.iter().map(|birth| Receiver::Number(birth.instance));
    let outbox = commit.outbox.iter().map(|(receiver, _)| receiver.clone());
    births.chain(outbox).collect()
}
