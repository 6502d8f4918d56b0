"""Keys of programs: their form, how they are kept, and whom they name."""
