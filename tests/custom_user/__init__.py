"""A site whose users log in with an e-mail address, have a UUID and no user name."""
