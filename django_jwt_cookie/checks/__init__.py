"""System checks: what would not work, or not be safe, said before the first request.

``manage.py check`` runs `ALWAYS`, ``manage.py check --deploy`` runs `DEPLOY` too.
"""

from .chain import check_middleware
from .configuration import (
    check_apps,
    check_audience,
    check_dotted_paths,
    check_keys,
    check_misplaced_settings,
    check_move_until,
    check_revocation_cache,
    check_routes,
    check_session_age,
    check_session_cookie,
    check_settings,
    check_tenants,
    check_token_fields,
)
from .safety import (
    check_cookie_is_secure,
    check_key_files,
    check_revocation_cache_is_shared,
    check_secrets,
)

ALWAYS = (
    check_settings,
    check_keys,
    check_dotted_paths,
    check_apps,
    check_audience,
    check_misplaced_settings,
    check_move_until,
    check_tenants,
    check_token_fields,
    check_revocation_cache,
    check_routes,
    check_session_age,
    check_session_cookie,
    check_middleware,
)
DEPLOY = (
    check_cookie_is_secure,
    check_secrets,
    check_key_files,
    check_revocation_cache_is_shared,
)
