use super::*;

#[test]
fn a_device_id_names_a_family_or_no_printer_of_this_crate() {
    let check = |maker: &str, model: &str, expect: Option<Model>| {
        assert_eq!(
            Model::from_device_id(maker, model),
            expect,
            "{maker} {model}"
        );
    };
    check("EVOLIS", "Primacy", Some(Model::Primacy));
    check("Evolis", "Evolis Primacy 2", Some(Model::Primacy));
    check("EVOLIS", "Zenius", Some(Model::Zenius));
    check("Magicard", "RioTango2D", Some(Model::Rio2));
    check("Magicard", "Enduro", Some(Model::Enduro));
    check("Magicard", "Alto", Some(Model::Alto));
    // An unknown model of a known maker may have another raster or another language, so nothing is sent to it.
    for unknown in ["Avansia", "Badgy200", "Agilia", ""] {
        check("EVOLIS", unknown, None);
    }
    for unknown in ["300", "Magicard 600", "Neo", ""] {
        check("Magicard", unknown, None);
    }
    check("HP", "LaserJet", None);
}
