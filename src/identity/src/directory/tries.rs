//! Limits the number of wrong passwords at a booth.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// The times of recent wrong passwords.
#[derive(Debug, Default)]
pub(super) struct Tries {
    wrong: VecDeque<Instant>,
    paused_until: Option<Instant>,
}

/// The largest number of wrong passwords in five minutes, which is more than one person mistypes. After it, nobody can
/// try for two minutes.
const MOST: usize = 5;
const WITHIN: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_secs(120);

impl Tries {
    pub(super) fn is_paused(&self, now: Instant) -> bool {
        self.paused_until.is_some_and(|until| now < until)
    }

    /// Records a wrong password. A correct one does not reset the count, because a person who guesses passwords can
    /// have an account too.
    pub(super) fn wrong(&mut self, now: Instant) {
        self.wrong.retain(|at| now.duration_since(*at) < WITHIN);
        self.wrong.push_back(now);
        if self.wrong.len() >= MOST {
            self.wrong.clear();
            self.paused_until = Some(now + PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_wrong_within_five_minutes_pause_for_two() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for (wrong, asked, paused) in [
            (vec![0, 1, 2, 3], 3, false),
            (vec![0, 1, 2, 3, 4], 4, true),
            (vec![0, 1, 2, 3, 4], 123, true),
            (vec![0, 1, 2, 3, 4], 124, false),
            (vec![0, 80, 160, 240, 301], 301, false),
            (vec![0, 80, 160, 240, 299], 299, true),
            // The count starts again after a pause.
            (vec![0, 1, 2, 3, 4, 130, 131, 132, 133], 134, false),
            (vec![0, 1, 2, 3, 4, 130, 131, 132, 133, 134], 135, true),
        ] {
            let mut tries = Tries::default();
            wrong.iter().for_each(|second| tries.wrong(at(*second)));
            assert_eq!(tries.is_paused(at(asked)), paused, "{wrong:?} at {asked}");
        }
    }
}
