use proptest::prelude::*;

use super::*;

#[test]
fn lines_are_those_of_the_readme() {
    let full = Command::Set(Brightness::FULL);
    assert_eq!(Command::Identify.to_string(), "ID");
    assert_eq!(full.to_string(), "SET 100");
    assert_eq!(
        "LAMP 1 Ring light".parse(),
        Ok(Reply::Lamp("Ring light".to_owned()))
    );
    assert_eq!("OK 100".parse(), Ok(Reply::Bright(Brightness::FULL)));
    assert_eq!(
        "ERR too hot".parse(),
        Ok(Reply::Refused("too hot".to_owned()))
    );
    let readme = include_str!("../../README.md");
    for line in [
        "`ID`",
        "`SET 70`",
        "`LAMP 1 Ring light`",
        "`OK 70`",
        "`ERR too hot`",
    ] {
        assert!(readme.contains(line), "{line}");
    }
}

#[test]
fn lines_that_no_lamp_sends_are_refused() {
    for line in [
        "",
        "OK",
        "OK 101",
        "OK -1",
        "OK +5",
        "OK 1 2",
        "LAMP 2 x",
        "lamp 1",
        "OK\u{7}5",
        &"E".repeat(65),
    ] {
        assert!(line.parse::<Reply>().is_err(), "{line:?}");
    }
    for line in ["", "SET", "SET 101", "SET x", "id", "ID 1"] {
        assert!(line.parse::<Command>().is_err(), "{line:?}");
    }
}

proptest! {
    #[test]
    fn every_line_is_read_as_it_was_written(percent in 0u8..=100, name in "[!-~][ -~]{0,40}") {
        let brightness = Brightness::from_percent(percent).unwrap();
        for command in [Command::Identify, Command::Set(brightness)] {
            prop_assert_eq!(command.to_string().parse(), Ok(command));
        }
        for reply in [Reply::Lamp(name.clone()), Reply::Bright(brightness), Reply::Refused(name.clone())] {
            prop_assert_eq!(reply.to_string().parse(), Ok(reply));
        }
    }

    #[test]
    fn no_line_makes_the_parser_panic(line in ".{0,80}") {
        let _either = line.parse::<Reply>();
        let _either = line.parse::<Command>();
    }
}
