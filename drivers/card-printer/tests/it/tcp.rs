//! Printers on a network socket: `printctl virtual` as one program, `printctl print` as another.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use card_printer::Model;

use crate::harness::{Desk, PRINTCTL, json, pixels, run};
use crate::on_bus::card;

/// `printctl virtual` on a free port; ends with the test.
struct Program {
    child: Child,
    /// Kept open: what it says later goes nowhere, but does not fail.
    _said: BufReader<std::process::ChildStdout>,
    address: String,
}

impl Program {
    fn start(model: Model, desk: &Desk, speed: &str) -> Self {
        let mut child = Command::new(PRINTCTL)
            .args([
                "--json",
                "virtual",
                "--model",
                model.name(),
                "--listen",
                "127.0.0.1:0",
                "--speed",
                speed,
                "--out",
            ])
            .arg(desk.path("cards"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        Self {
            child,
            _said: stdout,
            address: said["listening"].as_str().unwrap().to_owned(),
        }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_card_goes_over_the_network() {
    for model in [Model::Rio2, Model::Primacy] {
        let desk = Desk::new();
        desk.save("card.png", &card(model));
        let program = Program::start(model, &desk, "0.02");
        let printer = format!("tcp://{}?model={model}", program.address);
        let output = run(Command::new(PRINTCTL)
            .args(["--swift", "--json", "print", "--printer", &printer])
            .arg(desk.path("card.png")));
        assert_eq!(output.status.code(), Some(0), "{model}: {output:?}");
        assert_eq!(json(&output)["counterAfter"], 1);
        // The card in the folder is what decoding the job beside it draws.
        let job = desk.path("cards/card-0001.bin");
        for _ in 0..200 {
            if job.exists() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let drawn = desk.path("drawn.png");
        let output = run(Command::new(PRINTCTL)
            .arg("decode")
            .arg(&job)
            .arg("-o")
            .arg(&drawn));
        assert!(output.status.success(), "{output:?}");
        assert_eq!(pixels(&drawn), pixels(&desk.path("cards/card-0001.png")));
    }
}

#[test]
fn faults_are_raised_and_cleared_on_standard_input() {
    let desk = Desk::new();
    desk.save("card.png", &card(Model::Primacy));
    let mut program = Program::start(Model::Primacy, &desk, "0");
    let printer = format!("tcp://{}?model=primacy", program.address);
    let print = || {
        run(Command::new(PRINTCTL)
            .args(["--swift", "--json", "print", "--printer", &printer])
            .arg(desk.path("card.png")))
    };
    program.say("raise no-cards");
    std::thread::sleep(std::time::Duration::from_millis(200));
    let output = print();
    assert_eq!(json(&output)["fault"]["kind"], "noCards");
    program.say("clear no-cards");
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(print().status.code(), Some(0));
}

#[test]
fn without_a_listener_the_exit_code_is_1() {
    let output = run(Command::new(PRINTCTL).args([
        "--swift",
        "--json",
        "status",
        "--printer",
        "tcp://127.0.0.1:1?model=rio2",
    ]));
    assert_eq!(output.status.code(), Some(1));
    assert!(
        json(&output)["linkError"]
            .as_str()
            .unwrap()
            .contains("no printer was found at 127.0.0.1:1")
    );
}

#[test]
fn a_session_is_recorded_and_played_back() {
    let desk = Desk::new();
    desk.save("card.png", &card(Model::Rio2));
    let session = desk.path("session.jsonl");
    let record = [
        "--swift",
        "record",
        "--printer",
        "virtual:rio2?speed=0",
        "-o",
    ];
    let output = run(Command::new(PRINTCTL)
        .args(record)
        .arg(&session)
        .arg(desk.path("card.png")));
    assert!(output.status.success(), "{output:?}");
    let output = run(Command::new(PRINTCTL)
        .arg("replay")
        .arg(&session)
        .arg(desk.path("card.png")));
    assert!(output.status.success(), "{output:?}");
    desk.save(
        "other.png",
        &card_printer::CardImage::from_rgb(1016, 642, vec![9; 1016 * 642 * 3]).unwrap(),
    );
    let output = run(Command::new(PRINTCTL)
        .arg("replay")
        .arg(&session)
        .arg(desk.path("other.png")));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_file_takes_the_bytes_but_prints_no_card() {
    let desk = Desk::new();
    desk.save("card.png", &card(Model::Rio2));
    let printer = format!("file:{}?model=rio2", desk.path("job.bin").display());
    let output = run(Command::new(PRINTCTL)
        .args(["--json", "print", "--printer", &printer])
        .arg(desk.path("card.png")));
    assert_eq!(
        (output.status.code(), json(&output)["readyAfter"].as_bool()),
        (Some(1), Some(false))
    );
    let output = run(Command::new(PRINTCTL)
        .arg("decode")
        .arg(desk.path("job.bin"))
        .arg("-o")
        .arg(desk.path("x.png")));
    assert!(output.status.success(), "{output:?}");
}
