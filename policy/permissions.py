"""The permissions: everything a principal can be allowed to do, as one alphabetical list."""

from enum import StrEnum


class Permission(StrEnum):
    """A right, spelled ``resource.verb``. The value is the action of policy documents and of audit events."""

    ACCESS_REQUEST_CREATE = "access_request.create"
    ACCESS_REQUEST_READ = "access_request.read"
    ACCESS_REQUEST_REVIEW = "access_request.review"
    ACCESS_REQUEST_WITHDRAW = "access_request.withdraw"
    AUDIT_EXPORT = "audit.export"
    AUDIT_READ = "audit.read"
    CLUSTER_CREATE = "cluster.create"
    CLUSTER_READ = "cluster.read"
    CLUSTER_SYNC = "cluster.sync"
    GRANT_READ = "grant.read"
    GRANT_REVOKE = "grant.revoke"
    HEALTH_READ = "health.read"
    LOG_READ = "log.read"
    MAPPING_RULE_CREATE = "mapping_rule.create"
    MAPPING_RULE_READ = "mapping_rule.read"
    MODEL_DESCRIBE = "model.describe"
    MODEL_INVOKE = "model.invoke"
    MODEL_PUBLISH = "model.publish"
    MODEL_READ = "model.read"
    POLICY_READ = "policy.read"
    ROUTE_START = "route.start"
    ROUTE_STOP = "route.stop"
    SELF_READ = "self.read"
    SESSION_END = "session.end"
    SESSION_READ = "session.read"
