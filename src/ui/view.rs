//! Values of the modules below as text for people and as JSON for programs.
