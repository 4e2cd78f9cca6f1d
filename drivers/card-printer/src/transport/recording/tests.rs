use super::*;
use crate::card::{JobId, Options, PrintJob};
use crate::card_image::CardImage;
use crate::driver::Timing;
use crate::selector::{open_recorded, open_replay};
use crate::status::{Evidence, Progress};
use crate::supervisor::{Handle, wait_for};
use crate::virtual_printer::VirtualOptions;

fn job(model: Model, shade: u8) -> PrintJob {
    let (width, height) = model.raster();
    let front =
        CardImage::from_rgb(width, height, vec![shade; (width * height * 3) as usize]).unwrap();
    PrintJob {
        id: JobId::from("1"),
        front,
        back: None,
        options: Options {
            time: Some(1_700_000_000),
            ..Options::default()
        },
    }
}

fn print(handle: &Handle, job: PrintJob) -> Evidence {
    assert!(wait_for(handle, Duration::from_secs(10), |status| status.ready).ready);
    let mut news = handle.print(job).unwrap();
    loop {
        if let Progress::Ended(evidence) = news.blocking_recv().unwrap() {
            return evidence;
        }
    }
}

#[test]
fn a_session_is_played_back_to_the_same_end() {
    for model in [Model::Rio2, Model::Enduro, Model::Primacy] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("session.jsonl");
        let selector = crate::Selector::Virtual(VirtualOptions::new(model).speed(0.0));
        let handle = open_recorded(&selector, Timing::swift(), &path, 1_700_000_000);
        let evidence = print(&handle, job(model, 80));
        drop(handle);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.len() < 200_000,
            "{model}: {} bytes, so no pixels",
            text.len()
        );

        let replay = Replay::read(&text).unwrap();
        assert_eq!(replay.prologue().model, model.name());
        let again = print(
            &open_replay(replay, Timing::swift()).unwrap(),
            job(model, 80),
        );
        let comparable = |e: &Evidence| {
            (
                e.bytes_sent,
                e.bytes_total,
                e.fault.clone(),
                e.counter_before,
                e.plane_byte_accepted,
            )
        };
        assert_eq!(
            comparable(&again),
            comparable(&evidence),
            "{model}: {again:?}"
        );

        // Another picture is another session: the replay says where.
        let other = print(
            &open_replay(Replay::read(&text).unwrap(), Timing::swift()).unwrap(),
            job(model, 200),
        );
        let remark = other.remark.unwrap_or_default();
        assert!(remark.contains("of the recording has"), "{model}: {remark}");
    }
}

#[test]
fn what_is_no_recording_is_refused_by_line() {
    let check = |text: &str, words: &str| {
        let error = Replay::read(text).unwrap_err();
        assert!(error.contains(words), "{error}");
    };
    let first = r#"{"model":"rio2","time":1,"place":"usb"}"#;
    check("", "empty");
    check("junk", "line 1");
    check(
        &format!("{first}\n{{\"at\":1,\"call\":\"sing\"}}\n"),
        "line 2",
    );
    assert!(Replay::read(first).is_ok());
}
