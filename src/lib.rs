//! Fotoautomat
