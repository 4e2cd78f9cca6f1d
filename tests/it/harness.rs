//! A booth with virtual devices and test servers, driven without a window.

use std::{path::Path, time::Duration};

use fotoautomat::{
    booth::{self, Booth, Options, TestPanel},
    config::{self, Config},
    runner::Runner,
};
use session::{Press, State, issue, portrait, sign_in};
use tempfile::TempDir;

/// The booth, a session that runs on it, and the test panel, which does what a visitor would do to the devices.
pub(crate) struct Harness {
    pub(crate) booth: Booth,
    pub(crate) runner: Runner<Booth>,
    pub(crate) desk: TestPanel,
    pub(crate) data: TempDir,
}

/// The limit of every wait. It is much longer than anything takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

impl Harness {
    pub(crate) async fn boot() -> Self {
        Self::boot_in(tempfile::tempdir().unwrap()).await
    }

    /// Starts a booth whose data folder may be that of an earlier booth.
    pub(crate) async fn boot_in(data: TempDir) -> Self {
        Self::boot_at("umu", data).await
    }

    /// Starts a booth with the configuration of a shipped site.
    pub(crate) async fn boot_at(site: &str, data: TempDir) -> Self {
        Self::boot_with(config(site), data).await
    }

    pub(crate) async fn boot_with(config: Config, data: TempDir) -> Self {
        let options = Options {
            data: data.path().to_owned(),
            pace: Some(0.0),
            ..Options::default()
        };
        let booth = booth::open(config, options).await.unwrap();
        let mut runner = Runner::new(booth.clone(), (*booth.rules()).clone());
        runner.listen(booth.events());
        let desk = booth.test_panel().unwrap();
        let mut harness = Self {
            booth,
            runner,
            desk,
            data,
        };
        harness
            .until("the booth has started", |state| {
                !matches!(state, State::Starting)
            })
            .await;
        harness
    }

    pub(crate) fn press(&mut self, press: Press) -> &mut Self {
        self.runner.press(press);
        self
    }

    /// Runs the session until its state is the wished one.
    pub(crate) async fn until(&mut self, what: &str, wished: impl Fn(&State) -> bool) -> &mut Self {
        let until = tokio::time::Instant::now() + PATIENCE;
        while !wished(&self.runner.session.state) {
            assert!(
                tokio::time::Instant::now() < until,
                "{what}: still {:?}",
                self.runner.session.state
            );
            self.runner.turn(Duration::from_millis(10)).await;
        }
        self
    }

    pub(crate) async fn sign_in(&mut self, person: usize) -> &mut Self {
        self.until("attract", |state| matches!(state, State::Attract))
            .await;
        self.press(Press::Start);
        self.until("a code is shown", |state| {
            matches!(
                state,
                State::SignIn(sign_in::State::ShowCode { code: Some(_), .. })
            )
        })
        .await;
        assert!(self.desk.approve(person));
        self.until("somebody has signed in", |state| {
            matches!(
                state,
                State::SignIn(
                    sign_in::State::AskIsThisYou { .. } | sign_in::State::NotEligible { .. }
                )
            )
        })
        .await
    }

    pub(crate) async fn reach_framing(&mut self) -> &mut Self {
        self.sign_in(0).await.press(Press::Yes).press(Press::Accept);
        self.desk.lay_old_card();
        self.until("the live picture", |state| {
            matches!(state, State::Portrait(portrait::State::Framing { .. }))
        })
        .await;
        self.desk.take_card();
        self
    }

    pub(crate) async fn reach_card(&mut self) -> &mut Self {
        self.reach_framing().await.press(Press::Shutter);
        self.until("a photograph", |state| {
            matches!(state, State::Portrait(portrait::State::Reviewing { .. }))
        })
        .await;
        self.press(Press::Use);
        self.until("the card is drawn", |state| {
            matches!(
                state,
                State::Issue(issue::State::ShowingCard(issue::ShowingCard {
                    rendered: Some(_),
                    ..
                }))
            )
        })
        .await
    }

    pub(crate) async fn reach_the_end_of_printing(&mut self) -> &mut Self {
        self.reach_card().await.press(Press::Print);
        self.until("the job has ended", |state| {
            matches!(
                state,
                State::Issue(
                    issue::State::ReadingBack { .. }
                        | issue::State::NotPrinted(_)
                        | issue::State::NeedsAttendant(_)
                        | issue::State::Collecting { .. }
                )
            )
        })
        .await
    }

    /// Why an attendant has to decide about a card now; `None` if there is nothing to decide.
    pub(crate) fn why(&self) -> Option<&issue::Why> {
        match &self.runner.session.state {
            State::Issue(issue::State::NeedsAttendant(open)) => Some(&open.why),
            _ => None,
        }
    }

    /// Ends the booth in the same way as closing its window, and returns its data folder.
    pub(crate) async fn shut(self) -> TempDir {
        let Self {
            booth,
            runner,
            desk,
            data,
        } = self;
        drop((runner, desk));
        assert!(booth.close().await, "somebody still holds the booth");
        data
    }
}

/// The configuration of a shipped site in test mode.
pub(crate) fn config(site: &str) -> Config {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let overlay = root.join("kiosk-config/test-mode.toml");
    config::load(&root.join("kiosk-config").join(site), Some(&overlay))
        .map_err(|p| p.to_string())
        .unwrap()
}
