//! The attendant's PIN for when the network is down: hashed with argon2id and limited to few attempts.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use schemars::JsonSchema;
use serde::Deserialize;

use common::{
    Problems,
    order::Private,
    sign_in::{Refusal, Staff},
};

/// One who may use the attendant's screen with a PIN.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attendant {
    /// Written to the audit trail: the user name at the institution, or that of a shared desk.
    pub id: String,
    /// argon2id hash in PHC form, made by `fotoautomat pin`.
    pub pin: String,
}

/// The largest number of entries. A check hashes the PIN once per entry (about 30 ms each), and a site has only a few
/// attendants.
const MOST: usize = 16;
/// The number of wrong PINs before a pause. A PIN of four digits would take 10 000 attempts; at five attempts with
/// growing pauses, that takes years.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(120);
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// The largest memory of a hash in KiB. It is more than three times what `fotoautomat pin` uses.
const MOST_MEMORY: u32 = 64 << 10;
const MOST_ROUNDS: u32 = 8;
/// The fewest digits. A shorter PIN is too easy to guess.
const SHORTEST_PIN: usize = 6;
const LONGEST_PIN: usize = 12;

/// The site's PINs and the count of wrong ones. Clones share the count.
#[derive(Debug, Clone)]
pub struct Pins {
    attendants: Arc<[Attendant]>,
    tries: Arc<Mutex<Tries>>,
}

#[derive(Debug, Default)]
struct Tries {
    wrong: u32,
    locked_until: Option<Instant>,
    locks: u32,
}

impl Pins {
    pub fn new(attendants: &[Attendant]) -> Self {
        Self {
            attendants: attendants.into(),
            tries: Arc::default(),
        }
    }

    /// Notes every entry whose hash cannot be used.
    pub fn check_config(attendants: &[Attendant], problems: &mut Problems) {
        if attendants.len() > MOST {
            problems.at(
                "identity.attendants",
                format!("has {} entries", attendants.len()),
                format!("Keep to {MOST}: each makes every check slower."),
            );
        }
        for (index, attendant) in attendants.iter().enumerate() {
            if attendant.id.trim().is_empty() {
                problems.at(
                    format!("identity.attendants[{index}].id"),
                    "is empty",
                    "Write who it is, as the audit trail shall name them.",
                );
            }
            if !is_bounded_hash(&attendant.pin) {
                problems.at(
                    format!("identity.attendants[{index}].pin"),
                    "is no argon2id hash",
                    "Make one with `fotoautomat pin` and paste its answer.",
                );
            }
        }
    }

    /// Checks a PIN. This takes some tens of milliseconds of a core, so it must not run on the UI thread.
    ///
    /// # Errors
    ///
    /// The site has no PIN, this one is wrong, or there were too many wrong ones.
    pub fn check(&self, pin: &Private<String>, now: Instant) -> Result<Staff, Refusal> {
        if self.attendants.is_empty() {
            return Err(Refusal::NoPin);
        }
        // The lock is held while hashing, so that concurrent checks cannot bypass the count.
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.locked_until.is_some_and(|until| now < until) {
            return Err(Refusal::Locked);
        }
        let found = self.attendants.iter().find(|attendant| {
            PasswordHash::new(&attendant.pin).is_ok_and(|hash| {
                Argon2::default()
                    .verify_password(pin.as_bytes(), &hash)
                    .is_ok()
            })
        });
        match found {
            Some(attendant) => {
                *tries = Tries::default();
                Ok(Staff {
                    id: attendant.id.clone(),
                    token: None,
                })
            }
            None => {
                tries.failed(now);
                if tries.locked_until.is_some() {
                    Err(Refusal::Locked)
                } else {
                    Err(Refusal::Wrong)
                }
            }
        }
    }
}

/// Whether the text is an argon2id hash within the limits on memory and time of a check.
fn is_bounded_hash(pin: &str) -> bool {
    PasswordHash::new(pin).is_ok_and(|hash| {
        hash.algorithm.as_str() == "argon2id"
            && argon2::Params::try_from(&hash).is_ok_and(|params| {
                params.m_cost() <= MOST_MEMORY && params.t_cost() <= MOST_ROUNDS
            })
    })
}

impl Tries {
    fn failed(&mut self, now: Instant) {
        self.locked_until = None;
        self.wrong += 1;
        if self.wrong >= TRIES {
            let pause = FIRST_PAUSE.saturating_mul(1 << self.locks.min(8));
            self.locked_until = Some(now + pause.min(LONGEST_PAUSE));
            self.locks += 1;
            self.wrong = 0;
        }
    }
}

/// Why a PIN cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPin {
    #[error("a PIN has {SHORTEST_PIN} to {LONGEST_PIN} digits and nothing else")]
    Form,
    #[error("the PIN could not be hashed: the system's random source failed")]
    NoRandom,
}

/// Returns a random PIN. Nobody chose it, so it is not a birthday.
pub fn random_pin() -> Private<String> {
    let digits = (0..SHORTEST_PIN).map(|_| char::from(b'0' + rand::random_range(0..10)));
    Private::new(digits.collect())
}

/// Returns the hash of a PIN for the configuration.
///
/// # Errors
///
/// The PIN does not consist of 6 to 12 digits, or the system's random source failed.
pub fn hash_pin(pin: &Private<String>) -> Result<String, BadPin> {
    if !(SHORTEST_PIN..=LONGEST_PIN).contains(&pin.len())
        || !pin.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(BadPin::Form);
    }
    Argon2::default()
        .hash_password(pin.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|_| BadPin::NoRandom)
}

#[cfg(test)]
mod tests;
