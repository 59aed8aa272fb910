"""A site whose users have a field of every kind; which user model it has says ``USER_MODEL``."""
