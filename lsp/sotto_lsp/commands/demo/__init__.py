"""`sotto demo`: a typist, a screen and a client of a real server. Nothing else imports it."""
