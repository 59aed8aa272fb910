"""A site that shows django-jwt-cookie at work: sign up, log in, look at your token, break it."""
