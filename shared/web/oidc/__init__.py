"""OpenID Connect with any provider: bearer tokens for the API, and signing in by authorization code with PKCE.

`provider` finds the provider's endpoints and keys, `tokens` checks what it signed, `claims` reads a Principal out of
it, `identify` does so for the API, `login` is the way through the browser.
"""
