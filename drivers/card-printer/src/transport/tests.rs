use device::Fault as _;

use super::*;

#[test]
fn device_ids_of_real_printers_are_read() {
    let check = |text: &str, maker, model, serial| {
        let id = DeviceId::parse(text);
        assert_eq!(
            (id.maker(), id.model(), id.serial()),
            (maker, model, serial),
            "{text}"
        );
    };
    check(
        "MFG:Magicard ; CMD:PCL,MPL;MDL:RioTango2D",
        Some("Magicard"),
        Some("RioTango2D"),
        None,
    );
    check(
        "MFG:Magicard ;MDL:Rio Pro Xtended",
        Some("Magicard"),
        Some("Rio Pro Xtended"),
        None,
    );
    check(
        "MANUFACTURER:EVOLIS;MODEL:Zenius;SERN:10000;",
        Some("EVOLIS"),
        Some("Zenius"),
        Some("10000"),
    );
    check("MFG:;MDL", None, None, None);
    check("", None, None, None);
}

#[test]
fn the_length_of_a_device_id_may_come_either_way_round() {
    let check = |length: [u8; 2], expect: Option<&str>| {
        let mut data = length.to_vec();
        data.extend_from_slice(b"MFG:Magicard;MDL:Enduro;#######");
        assert_eq!(
            DeviceId::from_class_request(&data).model(),
            expect,
            "{length:?}"
        );
    };
    check([0, 26], Some("Enduro"));
    check([26, 0], Some("Enduro"));
    check([0, 0], Some("Enduro"));
    check([255, 255], Some("Enduro"));
    assert_eq!(DeviceId::from_class_request(&[1]), DeviceId::default());
}

#[test]
fn the_status_byte_says_three_things() {
    let check = |byte, ready, error, empty| {
        let status = PortStatus(byte);
        assert_eq!(
            (status.is_ready(), !status.no_error(), status.paper_empty()),
            (ready, error, empty),
            "{byte:02x}"
        );
    };
    check(0x18, true, false, false);
    check(0x08, false, false, false);
    check(0x10, false, true, false);
    check(0x38, false, false, true);
}

#[test]
fn every_broken_link_has_a_fault_and_a_sentence() {
    for error in [
        LinkError::Timeout,
        LinkError::Unplugged,
        LinkError::Stalled,
        LinkError::NoPermission("x".to_owned()),
        LinkError::InUse("x".to_owned()),
        LinkError::NotFound("USB".to_owned()),
        LinkError::WrongModel {
            found: Model::Alto,
            wanted: Model::Rio2,
        },
    ] {
        assert!(!error.to_string().is_empty());
        assert!(error.fault().is_failure(), "{error}");
    }
}
