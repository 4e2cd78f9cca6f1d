//! Sign-in without a phone or without a portal: attendants, passwords, orders for review.

use std::time::Duration;

use card_printer::Fault;
use common::order::{Delivery, Disposition, LoginMethod, Order, OrderId, Private};
use device::FaultInjection as _;
use identity::hash_pin;
use session::{
    Press, State, attendant, issue, portrait,
    sign_in::{self, Typed},
};

use crate::{
    harness::Harness,
    servers::{ALVAS_PASSWORD, Authority, Slapd},
    site::{Site, identity, provider},
};

const PEOPLE: &str = r#"
[[people]]
subject = "abcd0001"
name = "Alva Björk"
affiliation = ["student", "member"]

[[people.kinds]]
kind = "student"
valid_through = "2029-06-30"
card_number = "1000 2345"

[[people]]
subject = "gast-4711"
name = "Kim Gäst"

[[people.kinds]]
kind = "guest"
valid_through = "2027-03-31"
card_number = "3000 0003"

[[people]]
subject = "staf0001"
name = "Maja Lindgren"
groups = ["booth-staff"]

[[places]]
id = "infocenter"
name = "Infocenter"
"#;

const STAFF: &str = "[rules]\nstaff_sessions = true\n[identity.claims]\nattendant = { claim = \"groups\", value = \"booth-staff\" }";

fn step(state: &State) -> Option<&attendant::Step> {
    match state {
        State::Attendant(state) => Some(&state.step),
        _ => None,
    }
}

impl Harness {
    fn type_in(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            self.press(Press::Typed(Typed::Letter(letter)));
        }
        self
    }

    async fn attract(&mut self) -> &mut Self {
        self.until("attract", |state| matches!(state, State::Attract))
            .await
    }

    /// Waits until the code for the attendant's sign-in is shown.
    async fn attendants_code(&mut self) -> &mut Self {
        self.press(Press::Attendant);
        self.until("the attendant's code", |state| {
            matches!(
                step(state),
                Some(attendant::Step::SigningIn {
                    way: attendant::Way::Phone { code: Some(_) },
                    ..
                })
            )
        })
        .await
    }

    /// Opens a session for this person as the attendant, and waits for "is this you?".
    async fn serve(&mut self, subject: &str) -> &mut Self {
        use attendant::Press as Staff;
        self.press(Press::Staff(Staff::Page(attendant::Page::Assist)))
            .type_in(subject)
            .press(Press::Staff(Staff::Why(attendant::Why::Guest)))
            .press(Press::Staff(Staff::IdSeen))
            .press(Press::Staff(Staff::Serve));
        self.until("they are asked", |state| {
            matches!(state, State::SignIn(sign_in::State::AskIsThisYou { .. }))
        })
        .await
    }

    /// Waits until the portal has the order, and returns it.
    async fn arrived(&mut self, portal: &portal_server::Running, order: OrderId) -> Order {
        let until = tokio::time::Instant::now() + Duration::from_secs(120);
        loop {
            if let Some(view) = portal.control.order(order).await.unwrap() {
                return view.order;
            }
            assert!(
                tokio::time::Instant::now() < until,
                "the order never arrived"
            );
            self.runner.turn(Duration::from_millis(50)).await;
        }
    }

    /// Goes from "is this you?" to the card on the screen.
    async fn reach_the_card(&mut self) -> &mut Self {
        self.press(Press::Yes).press(Press::Accept);
        if matches!(self.runner.session.state, State::OldCard(_)) {
            self.press(Press::OldCard(Disposition::LeftAtHome));
        }
        self.until("the live picture", |state| {
            matches!(state, State::Portrait(portrait::State::Framing { .. }))
        })
        .await
        .press(Press::Shutter);
        self.until("a photograph", |state| {
            matches!(state, State::Portrait(portrait::State::Reviewing { .. }))
        })
        .await
        .press(Press::Use);
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

    /// Goes from "is this you?" to an order that is on disk.
    async fn order(&mut self) -> OrderId {
        self.reach_the_card()
            .await
            .press(Press::Print)
            .press(Press::Confirm);
        self.until("the order is on disk", |state| {
            matches!(
                state,
                State::Issue(
                    issue::State::ReadingBack { .. }
                        | issue::State::FetchLater(issue::FetchLater { order: Some(_), .. })
                )
            )
        })
        .await;
        match &self.runner.session.state {
            State::Issue(issue::State::ReadingBack(issue::ReadingBack { job, .. })) => job.order,
            State::Issue(issue::State::FetchLater(later)) => later.order.unwrap(),
            _ => unreachable!(),
        }
    }
}

/// An attendant opens a session for a guest with their own account. The portal asks for the attendant's token, and the
/// order records the attendant and the reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attendant_serves_a_guest() {
    let (idp, site) = (provider(PEOPLE).await, Site::new());
    let portal = site.portal(&idp.issuer, PEOPLE).await;
    let address = format!("http://{}", portal.address);
    site.write(&identity(&idp.issuer), &address, STAFF);
    let mut harness = Harness::boot_with(site.config(), tempfile::tempdir().unwrap()).await;
    harness.attract().await;

    // A visitor's account does not open the attendant's screen.
    harness.attendants_code().await;
    idp.control.approve("abcd0001").unwrap();
    harness
        .until("it is told", |state| {
            matches!(
                step(state),
                Some(attendant::Step::SigningIn {
                    problem: Some(attendant::Refusal::NotStaff),
                    ..
                })
            )
        })
        .await
        .press(Press::Back);

    harness.attendants_code().await;
    idp.control.approve("staf0001").unwrap();
    harness
        .until("the attendant is in", |state| {
            matches!(step(state), Some(attendant::Step::Panel { .. }))
        })
        .await
        .serve("gast-4711")
        .await;
    let order = harness.order().await;
    let order = harness.arrived(&portal, order).await;
    let staff = order.login.staff.expect("who served");
    assert_eq!(order.login.method, LoginMethod::Staff);
    assert_eq!(
        (staff.id.as_str(), staff.why.as_str(), staff.id_seen),
        ("staf0001", "guest", true)
    );
    assert_eq!(order.person.subject.expose(), "gast-4711");
}

/// A card that was not fed can also be printed later in a session that an attendant opens, whichever sign-in made the
/// order. It has the same serial.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attendant_prints_the_card_of_an_earlier_order() {
    let (idp, site) = (provider(PEOPLE).await, Site::new());
    let portal = site.portal(&idp.issuer, PEOPLE).await;
    let address = format!("http://{}", portal.address);
    site.write(&identity(&idp.issuer), &address, STAFF);
    let mut harness = Harness::boot_with(site.config(), tempfile::tempdir().unwrap()).await;
    harness.attract().await.attendants_code().await;
    idp.control.approve("staf0001").unwrap();
    harness
        .until("the attendant is in", |state| {
            matches!(step(state), Some(attendant::Step::Panel { .. }))
        })
        .await;
    // The printer is empty, and reports it only when it feeds a card.
    harness.desk.printer().raise_after(0, Fault::NoCards);
    harness.serve("abcd0001").await;
    harness.reach_the_card().await.press(Press::Print);
    harness
        .until("it was not printed", |state| {
            matches!(state, State::Issue(issue::State::NotPrinted(_)))
        })
        .await;
    let State::Issue(issue::State::NotPrinted(state)) = &harness.runner.session.state else {
        unreachable!()
    };
    let (order, serial) = (state.job.order, state.job.serial);
    harness.press(Press::Done);
    harness.desk.printer().clear_all();

    // The person comes back and signs in by phone.
    harness.attract().await.press(Press::Start);
    harness
        .until("a code", |state| {
            matches!(
                state,
                State::SignIn(sign_in::State::ShowCode { code: Some(_), .. })
            )
        })
        .await;
    idp.control.approve("abcd0001").unwrap();
    harness
        .until("their order is known", |state| {
            matches!(state, State::SignIn(sign_in::State::AskIsThisYou { resumed: Some(left), .. })
                if left.unprinted.order == order && left.unprinted.serial == serial)
        })
        .await
        .press(Press::Cancel);

    // Then the attendant opens a session for the same person again.
    harness.attract().await.attendants_code().await;
    idp.control.approve("staf0001").unwrap();
    harness
        .until("the attendant is in again", |state| {
            matches!(step(state), Some(attendant::Step::Panel { .. }))
        })
        .await
        .serve("abcd0001")
        .await
        .press(Press::Yes);
    for _ in 0..3000 {
        harness.press(Press::Print);
        harness.runner.turn(Duration::from_millis(20)).await;
        if matches!(
            harness.runner.session.state,
            State::Issue(issue::State::ReadingBack { .. })
        ) {
            break;
        }
    }
    let State::Issue(issue::State::ReadingBack(issue::ReadingBack { job, .. })) =
        &harness.runner.session.state
    else {
        panic!("not printed: {:?}", harness.runner.session.state)
    };
    assert_eq!((job.order, job.serial), (order, serial));
    harness.arrived(&portal, order).await;
    assert_eq!(portal.control.orders().await.unwrap().len(), 1);
}

/// The PIN lets an attendant in when the identity provider cannot be reached. Too many wrong PINs lock it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pin_lets_an_attendant_in_when_the_provider_is_down() {
    let (idp, site) = (provider(PEOPLE).await, Site::new());
    let portal = site.portal(&idp.issuer, PEOPLE).await;
    let address = format!("http://{}", portal.address);
    let pin = hash_pin(&Private::from("271828")).unwrap();
    let more = format!("{STAFF}\n[[identity.attendants]]\nid = \"desk-1\"\npin = \"{pin}\"");
    site.write(&identity(&idp.issuer), &address, &more);
    drop(idp);
    let mut harness = Harness::boot_with(site.config(), tempfile::tempdir().unwrap()).await;
    harness
        .until("no sign-in, no service", |state| {
            matches!(state, State::OutOfService(_))
        })
        .await;
    harness.press(Press::Attendant);
    use attendant::Press as Staff;
    for (typed, expected) in [
        ("314159", Some(attendant::Refusal::Wrong)),
        ("271828", None),
    ] {
        for digit in typed.chars() {
            harness.press(Press::Staff(Staff::Digit(digit)));
        }
        harness.press(Press::Staff(Staff::Enter));
        harness
            .until(typed, |state| match step(state) {
                Some(attendant::Step::SigningIn { problem, .. }) => {
                    expected.is_some() && *problem == expected
                }
                Some(attendant::Step::Panel { staff, .. }) => {
                    expected.is_none() && staff.id == "desk-1" && staff.token.is_none()
                }
                None => false,
            })
            .await;
    }
}

/// The password is typed on the on-screen keyboard and checked by the directory, and the booth asks the portal with its
/// own credentials.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_typed_at_the_booth_signs_in() {
    let (idp, site) = (provider(PEOPLE).await, Site::new());
    let portal = site.portal(&idp.issuer, PEOPLE).await;
    let authority = Authority::new("The site's CA");
    let slapd = Slapd::start(Some(&authority.issue("directory", &["127.0.0.1"]))).await;
    std::fs::write(site.path("ca.pem"), authority.pem()).unwrap();
    let more = format!(
        "[identity.password]\nserver = \"{}\"\nca = \"{}\"\n\
         user = \"uid={{name}},ou=people,dc=example,dc=org\"",
        slapd.ldaps,
        site.path("ca.pem").display()
    );
    let address = format!("http://{}", portal.address);
    site.write(&identity(&idp.issuer), &address, &more);
    let mut harness = Harness::boot_with(site.config(), tempfile::tempdir().unwrap()).await;
    harness.attract().await.press(Press::Start);
    harness.press(Press::NoPhone).press(Press::NoPhone);
    harness
        .type_in("abcd0001")
        .press(Press::Typed(Typed::Enter));
    harness.type_in("wrong").press(Press::Typed(Typed::Enter));
    harness
        .until("it is wrong", |state| {
            matches!(state, State::SignIn(sign_in::State::Typing(typing))
                if typing.problem == Some(sign_in::Failure::WrongPassword) && typing.password.is_empty())
        })
        .await;
    harness.press(Press::Typed(Typed::Field { password: true }));
    harness
        .type_in(ALVAS_PASSWORD)
        .press(Press::Typed(Typed::Enter));
    harness
        .until("is this you", |state| {
            matches!(state, State::SignIn(sign_in::State::AskIsThisYou { login, holder, .. })
                if login.method == LoginMethod::Ldap && holder.display_name.expose() == "Alva Björk")
        })
        .await;
}

/// While the portal is down, a site either is out of service or takes orders for review, which reach the portal when it
/// is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_portal_a_site_is_out_of_service_or_takes_orders_for_review() {
    let (idp, site) = (provider(PEOPLE).await, Site::new());
    // Nothing listens at this address until the portal is started there.
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", held.local_addr().unwrap());
    drop(held);
    site.write(&identity(&idp.issuer), &address, "");
    let mut harness = Harness::boot_with(site.config(), tempfile::tempdir().unwrap()).await;
    harness
        .until("closed", |state| matches!(state, State::OutOfService(_)))
        .await;
    drop(harness.shut().await);

    let review = "[rules]\nwithout_portal = true\n[review]\n\
         kinds = [{ affiliation = \"student\", kind = \"student\", valid_days = 365 }]\n\
         places = [{ id = \"infocenter\", name = \"Infocenter\" }]";
    site.write(&identity(&idp.issuer), &address, review);
    let mut harness = Harness::boot_with(site.config(), tempfile::tempdir().unwrap()).await;
    harness.attract().await.press(Press::Start);
    harness
        .until("a code", |state| {
            matches!(
                state,
                State::SignIn(sign_in::State::ShowCode { code: Some(_), .. })
            )
        })
        .await;
    idp.control.approve("abcd0001").unwrap();
    harness
        .until("is this you", |state| {
            matches!(state, State::SignIn(sign_in::State::AskIsThisYou { holder, .. }) if holder.for_review)
        })
        .await;
    let order = harness.order().await;
    let portal = site.portal_at(&idp.issuer, PEOPLE, &address).await;
    let order = harness.arrived(&portal, order).await;
    assert!(order.for_review);
    assert_eq!(
        order.delivery,
        Delivery::Pickup {
            place: "infocenter".to_owned()
        }
    );
    assert_eq!(order.person.display_name.expose(), "Alva Björk");
}
