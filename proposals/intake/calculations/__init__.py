"""Pure rules of intake: masses, references, sections, search words, differences."""
