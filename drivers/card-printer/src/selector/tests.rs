use super::*;

#[test]
fn selectors_are_read_and_written() {
    for text in [
        "usb",
        "usb:A1234",
        "usb?model=rio2",
        "usb:A1234?model=primacy",
        "virtual:enduro?speed=0.5",
        "tcp://127.0.0.1:9100?model=primacy",
        "file:/tmp/x?model=rio2",
    ] {
        assert_eq!(text.parse::<Selector>().unwrap().to_string(), text);
    }
}

#[test]
fn what_names_no_printer_says_why() {
    let check = |text: &str, words: &str| {
        let error = text.parse::<Selector>().unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    check("lpt1", "begin with usb");
    check("tcp://host?model=rio2", "tcp://HOST:PORT");
    check("tcp://host:9100", "say which model");
    check("file:x", "say which model");
    check("virtual:rio3", "there is no model \"rio3\"");
    check("usb?colour=red", "there is no option colour");
    check("usb?model", "KEY=VALUE");
    check("virtual:rio2?speed=fast", "speed=fast is no number");
}
