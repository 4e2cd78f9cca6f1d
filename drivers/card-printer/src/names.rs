//! A macro for the enums whose values have names in configurations and on the command line.

/// Defines an enum, its list of values and its names. The module that uses it imports `std::fmt` and `std::str::FromStr`.
macro_rules! named_enum {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$vmeta:meta])* $variant:ident = $text:literal $(| $alias:literal)*,)+ }) => {
        $(#[$meta])*
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// Every value once.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The name in configurations and on the command line.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text.to_ascii_lowercase().as_str() {
                    $($text $(| $alias)* => Ok($name::$variant),)+
                    _ => Err(format!(
                        "there is no {} \"{text}\": use one of {}",
                        $what,
                        Self::ALL.iter().map(|value| value.name()).collect::<Vec<_>>().join(", ")
                    )),
                }
            }
        }
    };
}
pub(crate) use named_enum;
