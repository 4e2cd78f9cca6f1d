//! A light for the face, on a serial line
