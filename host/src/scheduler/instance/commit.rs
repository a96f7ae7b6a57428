//! Owns the commit of a turn: what was decided goes to disk, and only then is it done.

use super::{Instance, receivers};
use crate::scheduler::Error;
use crate::scheduler::changes::News;
use crate::scheduler::draft::Draft;
use crate::scheduler::entail::entail;
use crate::scheduler::mailboxes::Envelope;
use crate::scheduler::resident::Resident;
use crate::store::{self, Commit, Target};
use crate::workflow::id::InstanceNumber;
use crate::workflow::state::Effect;

impl Instance {
    /// Puts a draft on disk, answers whoever waits for it, and does what it entails.
    pub(super) async fn commit(
        &mut self,
        resident: &mut Resident,
        draft: Draft,
    ) -> Result<(), Error> {
        if let Some(summary) = resident.changed() {
            let input = resident.input();
            let outcome = self.core.outcome(self.number, &summary, &draft, input).await;
            let effects = draft.effects();
            let mut entailed = entail(&self.core, self.number, &resident.state, effects).await?;
            let _starting = entailed.starting.take();
            let (commit, effects) = resident.decide(self.number, draft, &summary, entailed);
            let given_up = self.given_up(&commit);
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
                self.core.endings.tell(self.number, outcome);
            }
            resident.committed(summary);
            for (given_up, by) in given_up {
                if given_up == self.number {
                    self.core.activities.stop_all_of(given_up);
                } else if by == self.number || committed.wake.binary_search(&by).is_ok() {
                    self.core.gone(given_up);
                }
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

    /// Whose attempts nobody wants any more once the commit is on disk, and because of whom: a birth may
    /// come to nothing.
    fn given_up(&self, commit: &Commit) -> Vec<(InstanceNumber, InstanceNumber)> {
        let own = match &commit.target {
            Target::New(new) => new.replaces.map(|(replaced, _)| replaced),
            Target::Existing(_) => commit.history_anew.then_some(self.number),
        };
        let births = commit
            .births
            .iter()
            .filter_map(|birth| birth.new.replaces.map(|(replaced, _)| (replaced, birth.instance)));
        own.map(|own| (own, self.number)).into_iter().chain(births).collect()
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
