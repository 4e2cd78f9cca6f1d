use super::*;

#[test]
fn a_selector_is_read_and_written_alike() {
    let check = |text: &str, selector: Selector| {
        assert_eq!(text.parse::<Selector>().as_ref(), Ok(&selector), "{text}");
        assert_eq!(
            selector.to_string().parse::<Selector>(),
            Ok(selector),
            "{text}"
        );
    };
    let playing = |source: Option<&str>, fps, width, height| {
        Selector::Virtual(VirtualOptions {
            source: source.map(Into::into),
            width,
            height,
            fps,
        })
    };
    check("any", Selector::Any);
    check("name:C920", Selector::Name("C920".into()));
    check(
        "bus:usb-0000:00:14.0-1",
        Selector::Bus("usb-0000:00:14.0-1".into()),
    );
    check(
        "path:/dev/v4l/by-id/usb-cam",
        Selector::Path("/dev/v4l/by-id/usb-cam".into()),
    );
    check("virtual", playing(None, 30, 1280, 720));
    check("virtual?fps=15", playing(None, 15, 1280, 720));
    check("virtual:faces", playing(Some("faces"), 30, 1280, 720));
    check(
        "virtual:a:b?x.jpg?width=1920&height=1080",
        playing(Some("a:b?x.jpg"), 30, 1920, 1080),
    );
}

#[test]
fn a_wrong_selector_says_what_to_write() {
    let check = |text: &str, why: &str| {
        let error = text.parse::<Selector>().expect_err(text).to_string();
        assert!(
            error.contains(why) && error.contains("write any, name:TEXT"),
            "{text}: {error}"
        );
    };
    check("", "no way to choose");
    check("usb", "no way to choose");
    check("any:thing", "no way to choose");
    check("name:", "nothing follows the colon");
    check("virtual?fps=0", "out of bounds");
    check("virtual?fps=fast", "no number");
    check("virtual:x?speed=3", "no such option");
    check("virtual:x?fps", "needs a value");
}

#[test]
fn every_control_has_its_own_name_and_number() {
    let mut ids: Vec<_> = CameraControl::all().map(CameraControl::id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), CONTROLS.len());
    for control in CameraControl::all() {
        assert_eq!(control.name().parse(), Ok(control));
    }
    let error = "warp"
        .parse::<CameraControl>()
        .expect_err("no such control");
    assert!(error.contains("white_balance_automatic"), "{error}");
}
