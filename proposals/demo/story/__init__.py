"""A whole round replayed through the real verbs, from letters of intent to announcements; everything in it is fictional."""
