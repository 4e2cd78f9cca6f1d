//! A scripted phone: opens the address from the booth's code in a browser without JavaScript, and fills in the pages of
//! oidc-provider as a person would.

use std::collections::BTreeMap;

pub(crate) struct Phone {
    client: web::Client,
    cookies: BTreeMap<String, String>,
    /// The address of the current page.
    address: String,
    /// The HTML of the current page.
    pub(crate) page: String,
}

/// The form of a page: its action and its fields.
struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Phone {
    /// `ca` is the authority of the provider's certificate in PEM, if phones do not know it.
    pub(crate) fn new(ca: Option<String>) -> Self {
        let options = web::Options {
            ca: ca.map(String::into_bytes),
            ..web::Options::default()
        };
        Self {
            client: web::client(&options).unwrap(),
            cookies: BTreeMap::new(),
            address: String::new(),
            page: String::new(),
        }
    }

    /// Opens an address.
    pub(crate) async fn open(&mut self, address: &str) {
        self.go(address.to_owned(), None).await;
    }

    /// Opens the address in the booth's code, and the page that shows which booth asks.
    pub(crate) async fn look(&mut self, scan: &str) {
        self.go(scan.to_owned(), None).await;
        // In a real browser, a script of this page submits the code in the address.
        self.submit(&[]).await;
    }

    /// Signs in as `subject` and approves the booth's request.
    pub(crate) async fn approve(&mut self, scan: &str, subject: &str) {
        self.look(scan).await;
        self.submit(&[("confirm", "yes")]).await;
        self.submit(&[("prompt", "login"), ("login", subject), ("password", "any")])
            .await;
        self.submit(&[("prompt", "consent")]).await;
        assert!(self.page.contains("Sign-in Success"), "{}", self.page);
    }

    /// Submits the first form of the page with these fields filled in.
    pub(crate) async fn submit(&mut self, filled: &[(&str, &str)]) {
        let mut form = form(&self.page).unwrap_or_else(|| panic!("no form in: {}", self.page));
        for (name, value) in filled {
            form.fields.retain(|(field, _)| field != name);
            form.fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        let action = self.absolute(&form.action);
        self.go(action, Some(form.fields)).await;
    }

    /// Fetches a page and follows redirects as browsers do.
    async fn go(&mut self, address: String, form: Option<Vec<(String, String)>>) {
        let (mut address, mut form) = (address, form);
        for _ in 0..10 {
            let request = match form.take() {
                None => self.client.get(&address),
                Some(fields) => {
                    let mut body = String::new();
                    for (name, value) in &fields {
                        if !body.is_empty() {
                            body.push('&');
                        }
                        body.push_str(&format!("{}={}", escaped(name), escaped(value)));
                    }
                    self.client
                        .post(&address)
                        .header("content-type", "application/x-www-form-urlencoded")
                        .body(body)
                }
            };
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .map(|(k, v)| format!("{k}={v}"))
                .collect();
            let answer = request
                .header("cookie", cookies.join("; "))
                .send()
                .await
                .unwrap();
            for cookie in answer.headers().get_all("set-cookie") {
                let pair = cookie.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            self.address = address;
            let next = answer
                .headers()
                .get("location")
                .map(|to| to.to_str().unwrap().to_owned());
            self.page = answer.text().await.unwrap();
            match next {
                Some(next) => address = self.absolute(&next),
                None => return,
            }
        }
        panic!("too many redirects");
    }

    fn absolute(&self, address: &str) -> String {
        if address.starts_with("http") {
            return address.to_owned();
        }
        let host = self
            .address
            .match_indices('/')
            .nth(2)
            .map_or(self.address.len(), |(at, _)| at);
        format!("{}{address}", &self.address[..host])
    }
}

fn form(page: &str) -> Option<Form> {
    let start = page.find("<form")?;
    let end = start + page[start..].find("</form>")?;
    let form = &page[start..end];
    let action = attribute(form, "action")?;
    let fields = form
        .match_indices("<input")
        .filter_map(|(at, _)| {
            let tag = &form[at..at + form[at..].find('>')?];
            Some((
                attribute(tag, "name")?,
                attribute(tag, "value").unwrap_or_default(),
            ))
        })
        .collect();
    Some(Form { action, fields })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let end = start + tag[start..].find('"')?;
    Some(tag[start..end].replace("&amp;", "&"))
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
