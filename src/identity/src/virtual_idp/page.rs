//! The page at the shown address, on which any phone or browser can approve as a chosen person or deny.

use super::Person;

const HEAD: &str = r#"<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Test sign-in</title>
<style>
  body { font: 1.125rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff }
  .test { background: #fff3c4; border-radius: .5rem; padding: .5rem 1rem }
  .code { font: 600 2rem ui-monospace, monospace; letter-spacing: .1em; margin: 0 }
  button, input { font: inherit; width: 100%; box-sizing: border-box; min-height: 3.25rem; margin: .375rem 0; padding: .5rem 1rem; border-radius: .5rem; border: 1px solid #6b6b6b; background: #fff; text-align: left }
  button { cursor: pointer }
  button.deny { border: 2px solid #1b1b1b; text-align: center; font-weight: 600 }
  small { display: block; color: #5a5a5a }
</style>
<p class="test">This is a virtual identity provider. It asks for no password and is for tests only.</p>
"#;

/// Returns the page for an address without a code, or with a code that is not waiting.
pub(super) fn ask_for_code(unknown: bool) -> String {
    let note = if unknown {
        "<p role=\"alert\">No booth waits with this code. Type the code that the booth shows now.</p>"
    } else {
        ""
    };
    format!(
        "{HEAD}<h1>Sign in at a booth</h1>{note}<form method=\"get\" action=\"/device\"><label>The code on the booth's \
         screen<input name=\"user_code\" autocapitalize=\"characters\" autocomplete=\"off\" required></label>\
         <button>Go on</button></form>"
    )
}

/// Returns the page that shows which booth asks and with which code, and that lets the person approve or deny. The
/// button to deny is as large as the others (RFC 10027, section 6.2).
pub(super) fn ask_who(client_name: &str, code: &str, people: &[Person]) -> String {
    let (client_name, code) = (text(client_name), text(code));
    let mut page = format!(
        "{HEAD}<h1>{client_name}</h1><p>wants to know who you are, to make your card. Go on only if you stand in front of \
         it and it shows this code:</p><p class=\"code\">{code}</p><form method=\"post\" action=\"/device\">\
         <input type=\"hidden\" name=\"user_code\" value=\"{code}\">"
    );
    for person in people {
        page.push_str(&format!(
            "<button name=\"person\" value=\"{}\">{}<small>{} {}</small></button>",
            text(&person.subject),
            text(&person.name),
            text(&person.subject),
            text(&person.affiliation.join(", ")),
        ));
    }
    page.push_str("<button class=\"deny\" name=\"deny\" value=\"1\">No, I did not ask for this</button></form>");
    page
}

pub(super) fn done(approved: bool) -> String {
    let message = if approved {
        "<h1>Signed in</h1><p>Go on at the booth.</p>"
    } else {
        "<h1>Denied</h1><p>Nobody was signed in.</p>"
    };
    format!("{HEAD}{message}")
}

/// Escapes text for HTML elements and quoted attributes.
fn text(raw: &str) -> String {
    let mut clean = String::with_capacity(raw.len());
    for letter in raw.chars() {
        match letter {
            '&' => clean.push_str("&amp;"),
            '<' => clean.push_str("&lt;"),
            '>' => clean.push_str("&gt;"),
            '"' => clean.push_str("&quot;"),
            '\'' => clean.push_str("&#39;"),
            letter => clean.push(letter),
        }
    }
    clean
}
