"""A schema of PostgreSQL for each tenant, by django-tenants: the audience."""


def audience(request):
    """Name the tenant of a request, for ``JWT_COOKIE["AUDIENCE"]``."""
    return request.tenant.schema_name
