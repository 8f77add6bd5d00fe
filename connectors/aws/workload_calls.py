"""The calls on settings of workloads, which may hold values; `permissions.py` lists them with all others.

Each is optional, and the client refuses those that answer with values unless the target asks for workloads.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.aws.call import Call
from storage.inventory import Facet


def _workload(
    service: str,
    operation: str,
    items: Mapping[str, tuple[str, ...]] | None = None,
    *,
    token: tuple[str, str] = ("nextToken", "nextToken"),
    reads_values: bool = False,
    kept: tuple[str, ...] = (),
    dropped: tuple[str, ...] = (),
    facets: frozenset[Facet] = frozenset(),
) -> Call:
    return Call(
        service=service,
        operation=operation,
        action=f"{service}:{operation}",
        facets=facets,
        optional=True,
        items=items or {},
        token=token,
        more=None,
        kept=kept,
        dropped=dropped,
        reads_values=reads_values,
    )


# Variables are named by the customer: one called `clientSecret` is no field of AWS.
LIST_FUNCTIONS = _workload(
    "lambda",
    "ListFunctions",
    {"Functions": ("FunctionName", "FunctionArn", "Version")},
    token=("NextMarker", "Marker"),
    reads_values=True,
    kept=("Variables",),
    dropped=("Description",),
)
LIST_FUNCTION_TAGS = _workload("lambda", "ListTags", facets=frozenset({Facet.OWNER}), kept=("Tags",))
LIST_TASK_DEFINITIONS = _workload("ecs", "ListTaskDefinitions", {"taskDefinitionArns": ()})
DESCRIBE_TASK_DEFINITION = _workload(
    "ecs", "DescribeTaskDefinition", reads_values=True, kept=("dockerLabels", "options")
)
LIST_CLUSTERS = _workload("ecs", "ListClusters", {"clusterArns": ()})
LIST_SERVICES = _workload("ecs", "ListServices", {"serviceArns": ()})
DESCRIBE_SERVICES = _workload("ecs", "DescribeServices", {"services": ("serviceArn",)}, dropped=("events",))
LIST_TASKS = _workload("ecs", "ListTasks", {"taskArns": ()})
# What was overridden when a task was started may hold values, and is not read.
DESCRIBE_TASKS = _workload("ecs", "DescribeTasks", {"tasks": ("taskArn", "taskDefinitionArn")}, dropped=("overrides",))
LIST_PROJECTS = _workload("codebuild", "ListProjects", {"projects": ()})
GET_PROJECTS = _workload("codebuild", "BatchGetProjects", {"projects": ("name", "arn")}, reads_values=True)
DESCRIBE_INSTANCES = _workload("ec2", "DescribeInstances", {"Reservations": ()}, token=("NextToken", "NextToken"))
USER_DATA = _workload("ec2", "DescribeInstanceAttribute", reads_values=True)
LAUNCH_TEMPLATES = _workload(
    "ec2",
    "DescribeLaunchTemplates",
    {"LaunchTemplates": ("LaunchTemplateId",)},
    token=("NextToken", "NextToken"),
    facets=frozenset({Facet.OWNER}),
)
LAUNCH_TEMPLATE_VERSIONS = _workload(
    "ec2",
    "DescribeLaunchTemplateVersions",
    {"LaunchTemplateVersions": ("LaunchTemplateId",)},
    token=("NextToken", "NextToken"),
    reads_values=True,
    dropped=("VersionDescription",),
)
DESCRIBE_STACKS = _workload(
    "cloudformation",
    "DescribeStacks",
    {"Stacks": ("StackName", "StackId")},
    token=("NextToken", "NextToken"),
    reads_values=True,
    dropped=("Description", "StackStatusReason"),
)

WORKLOAD_CALLS: tuple[Call, ...] = (
    LIST_FUNCTIONS,
    LIST_FUNCTION_TAGS,
    LIST_TASK_DEFINITIONS,
    DESCRIBE_TASK_DEFINITION,
    LIST_CLUSTERS,
    LIST_SERVICES,
    DESCRIBE_SERVICES,
    LIST_TASKS,
    DESCRIBE_TASKS,
    LIST_PROJECTS,
    GET_PROJECTS,
    DESCRIBE_INSTANCES,
    USER_DATA,
    LAUNCH_TEMPLATES,
    LAUNCH_TEMPLATE_VERSIONS,
    DESCRIBE_STACKS,
)
