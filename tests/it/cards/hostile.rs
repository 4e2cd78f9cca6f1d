//! Malicious templates end in an error, quickly and without much memory.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use tempfile::TempDir;

const PAGE: &str = "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' \
                    width='85.60mm' height='53.98mm' viewBox='0 0 85.6 53.98'>";

/// A new site with `svg` as its only template.
fn site(svg: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    let made = program(&["config", "new"], &site);
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    fs::write(site.join("cards/front.svg"), svg).unwrap();
    folder
}

fn program(arguments: &[&str], site: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fotoautomat"))
        .args(arguments)
        .arg(site)
        .output()
        .unwrap()
}

/// The output of `config check` for a site with this template. The system kills its child process at 2 s of processor
/// time or 256 MiB.
fn said(svg: &str) -> String {
    let folder = site(svg);
    let began = Instant::now();
    let output = program(&["config", "check"], &folder.path().join("site"));
    // Twenty times the limit allows for a busy machine, but not for a check that hangs.
    assert!(
        began.elapsed() < Duration::from_secs(40),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        output.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Checks that the template is refused, with file and line, before anything is drawn.
fn refused(svg: &str, expected: &str) {
    let told = said(svg);
    assert!(
        told.contains("cards/front.svg:") && told.contains(expected),
        "{expected:?} not in: {told}"
    );
}

#[test]
fn the_five_known_attacks_end_in_an_error() {
    let secret = tempfile::NamedTempFile::with_suffix(".png").unwrap();
    let path = secret.path().display();
    refused(
        &format!("{PAGE}<image href='{path}' width='9' height='9'/></svg>"),
        "is not beside the template",
    );
    refused(
        &format!("{PAGE}<image href='../../secret.png' width='9' height='9'/></svg>"),
        "is not beside the template",
    );
    let blurs: String = (0..300).map(|_| "<g filter='url(#b)'>").collect();
    refused(
        &format!(
            "{PAGE}<filter id='b'><feGaussianBlur stdDeviation='400'/></filter>{blurs}<rect width='9' height='9'/>{}</svg>",
            "</g>".repeat(300)
        ),
        "is not allowed",
    );
    refused(
        "<svg xmlns='http://www.w3.org/2000/svg' width='60000' height='60000' viewBox='0 0 60000 60000'><rect width='9' height='9'/></svg>",
        "the page is no card",
    );
    // Six levels of ten copies make a million.
    let levels: String = (1..=6)
        .map(|level| {
            let copies = format!("<use href='#l{}'/>", level - 1).repeat(10);
            format!("<g id='l{level}'>{copies}</g>")
        })
        .collect();
    refused(
        &format!(
            "{PAGE}<defs><rect id='l0' width='9' height='9'/>{levels}</defs><use href='#l6'/></svg>"
        ),
        "<use> may only copy",
    );
}

/// Checks that a template that passes the check is drawn within the limits, or else is reported.
fn within_limits(name: &str, body: &str) {
    let folder = site(&format!("{PAGE}{body}</svg>"));
    let output = program(&["config", "check"], &folder.path().join("site"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code().is_some_and(|code| code < 2),
        "{name}: {told}"
    );
    assert!(
        !told.contains("take more than"),
        "{name} passes the check and is too much to draw"
    );
    assert!(!told.contains("panicked"), "{name}: {told}");
}

#[test]
fn what_passes_the_check_can_be_drawn() {
    let rect = "<rect x='-1' y='-1' width='88' height='56' rx='3' fill='#abc' stroke='#123' stroke-width='0.3'/>";
    within_limits("many shapes of the whole card", &rect.repeat(4_900));
    within_limits(
        "copies of the whole card",
        &format!(
            "<defs><g id='a'>{}</g></defs>{}",
            rect.repeat(19),
            "<use href='#a'/>".repeat(100)
        ),
    );
    within_limits(
        "copies of a symbol with a clip of its own",
        &format!(
            "<symbol id='a' viewBox='0 0 9 9'>{rect}</symbol>{}",
            "<use href='#a' width='85' height='54'/>".repeat(990)
        ),
    );
    within_limits(
        "layers in layers",
        &format!(
            "{}{rect}{}",
            "<g opacity='0.9'>".repeat(20),
            "</g>".repeat(20)
        ),
    );
    within_limits(
        "layers beside layers",
        &format!("<g opacity='0.9'>{rect}</g>").repeat(64),
    );
    let zigzag: String = (0..90_000)
        .map(|i| format!("L{} {}", i % 86, i * 7 % 54))
        .collect();
    within_limits(
        "one long stroke",
        &format!("<path d='M0 0{zigzag}' fill='none' stroke='#000' stroke-width='9'/>"),
    );
    within_limits("one long filling", &format!("<path d='M0 0{zigzag}'/>"));
    within_limits(
        "a dashed line to the moon",
        &"<path d='M0 0H1e9' stroke='#000' stroke-dasharray='0.1'/>".repeat(4_000),
    );
    within_limits(
        "dashes made short by a scale",
        &"<g transform='scale(1e-6)'><path d='M0 0H8e7V5e7H0V-5e7' fill='none' stroke='#000' stroke-width='1e5' stroke-dasharray='0.1'/></g>".repeat(1_000),
    );
    within_limits(
        "letters as high as a house",
        &"<text x='9' y='9' font-size='1e7'>Å</text>".repeat(1_000),
    );
    within_limits(
        "a text without end",
        &format!("<text x='9' y='9'>{}</text>", "Åå ".repeat(300_000)),
    );
    within_limits(
        "huge strokes",
        &"<circle r='1e30' stroke='#000' stroke-width='1e30'/>".repeat(1_000),
    );
    let stops: String = (0..2_000)
        .map(|i| format!("<stop offset='{}' stop-color='#abc'/>", i as f32 / 2000.0))
        .collect();
    within_limits(
        "gradients of many stops",
        &format!(
            "<radialGradient id='r' gradientUnits='userSpaceOnUse' cx='40' cy='20' r='0.001' spreadMethod='repeat'>{stops}</radialGradient>{}",
            "<rect width='86' height='54' fill='url(#r)'/>".repeat(1_000)
        ),
    );
    let clips: String = (1..60)
        .map(|i| format!("<clipPath id='c{i}' clip-path='url(#c{})'><rect width='86' height='54'/></clipPath>", i - 1))
        .collect();
    within_limits(
        "clips of clips",
        &format!(
            "<clipPath id='c0'><rect width='86' height='54'/></clipPath>{clips}<g clip-path='url(#c59)'>{rect}</g>"
        ),
    );
    within_limits(
        "a pattern of kinds",
        &"<g class='kind-student if-a unless-b lang-en resin'><path d='M0 0H9V9'/></g>"
            .repeat(2_000),
    );
    within_limits(
        "classes that never end",
        &format!(
            "<g class='{}'>{}</g>",
            "if-a ".repeat(20_000),
            "<path d='M0 0H9V9'/>".repeat(900)
        ),
    );
    within_limits("pictures in the file", &{
        let mut png = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(4096, 4096)
            .write_to(&mut png, image::ImageFormat::Png)
            .unwrap();
        use base64::Engine as _;
        let data = base64::engine::general_purpose::STANDARD.encode(png.into_inner());
        format!("<image width='86' height='54' href='data:image/png;base64,{data}'/>").repeat(12)
    });
}
