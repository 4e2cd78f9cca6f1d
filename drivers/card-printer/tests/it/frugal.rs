//! What encoding a card allocates: the job and a few tables, nothing for a pixel or a line.

use card_printer::{Model, Options, PrintJob, encode};

use crate::on_bus::card;

#[test]
fn nothing_is_allocated_for_a_pixel() {
    for model in [Model::Rio2, Model::Enduro, Model::Alto, Model::Primacy] {
        let job = PrintJob {
            id: "1".into(),
            front: card(model),
            back: None,
            options: Options::default(),
        };
        let mut bytes = Vec::new();
        let info = allocation_counter::measure(|| bytes = encode(model, &job).unwrap());
        let (pixels, job) = (job.front.rgb().len() as u64 / 3, bytes.len() as u64);
        // A card has 650 000 pixels and 1016 lines.
        assert!(info.count_total < 100, "{model}: {info:?}");
        assert!(
            info.bytes_total < job + 3 * pixels,
            "{model}: {info:?} for a job of {job} bytes"
        );
    }
}
