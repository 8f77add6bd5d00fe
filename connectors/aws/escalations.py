"""The documented ways in which somebody with few rights gives himself more: which actions each of them takes.

Each needs its actions on things at large: who may change only his own key, or pass only one named role, is not held to
be able to climb. Sources: the public research on privilege escalation in IAM since 2018, and AWS's own documentation.
"""

from __future__ import annotations

from storage.inventory import Record


class Escalation(Record, frozen=True, kw_only=True):
    """One way up."""

    actions: tuple[str, ...]
    """All of these are needed."""
    service: str | None = None
    """For a role that is passed on: the service that receives it, which a condition may exclude."""


def _direct(*actions: str) -> Escalation:
    return Escalation(actions=actions)


def _passing(service: str, *actions: str) -> Escalation:
    return Escalation(actions=("iam:PassRole", *actions), service=f"{service}.amazonaws.com")


IAM_WRITES: tuple[Escalation, ...] = (
    _direct("iam:CreatePolicyVersion"),
    _direct("iam:SetDefaultPolicyVersion"),
    _direct("iam:AttachUserPolicy"),
    _direct("iam:AttachGroupPolicy"),
    _direct("iam:AttachRolePolicy"),
    _direct("iam:PutUserPolicy"),
    _direct("iam:PutGroupPolicy"),
    _direct("iam:PutRolePolicy"),
    _direct("iam:AddUserToGroup"),
    _direct("iam:CreateAccessKey"),
    _direct("iam:CreateLoginProfile"),
    _direct("iam:UpdateLoginProfile"),
    _direct("iam:UpdateAssumeRolePolicy"),
)
"""Those that change rights or logins directly."""

ESCALATIONS: tuple[Escalation, ...] = (
    *IAM_WRITES,
    _direct("sts:AssumeRole"),
    _passing("ec2", "ec2:RunInstances"),
    _passing("ec2", "ec2:AssociateIamInstanceProfile"),
    _passing("ec2", "ec2:ReplaceIamInstanceProfileAssociation"),
    _passing("ec2", "autoscaling:CreateLaunchConfiguration", "autoscaling:CreateAutoScalingGroup"),
    _passing("ec2", "autoscaling:CreateLaunchConfiguration", "autoscaling:UpdateAutoScalingGroup"),
    _passing("ec2", "ec2:RequestSpotInstances"),
    _passing("lambda", "lambda:CreateFunction", "lambda:InvokeFunction"),
    _passing("lambda", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
    _passing("lambda", "lambda:CreateFunction", "lambda:AddPermission"),
    _passing("lambda", "lambda:CreateFunction", "lambda:CreateFunctionUrlConfig"),
    _passing("cloudformation", "cloudformation:CreateStack"),
    _passing("cloudformation", "cloudformation:UpdateStack"),
    _passing("cloudformation", "cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"),
    _passing("cloudformation", "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
    _passing("cloudformation", "cloudformation:UpdateStackSet"),
    _passing(
        "datapipeline",
        "datapipeline:CreatePipeline",
        "datapipeline:PutPipelineDefinition",
        "datapipeline:ActivatePipeline",
    ),
    _passing("glue", "glue:CreateDevEndpoint"),
    _passing("glue", "glue:CreateJob", "glue:StartJobRun"),
    _passing("glue", "glue:CreateJob", "glue:CreateTrigger"),
    _passing("glue", "glue:UpdateJob", "glue:StartJobRun"),
    _passing("glue", "glue:UpdateJob", "glue:CreateTrigger"),
    _passing("glue", "glue:CreateSession", "glue:RunStatement"),
    _passing("sagemaker", "sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"),
    _passing("sagemaker", "sagemaker:CreateTrainingJob"),
    _passing("sagemaker", "sagemaker:CreateProcessingJob"),
    _passing("sagemaker", "sagemaker:CreateHyperParameterTuningJob"),
    _passing("codebuild", "codebuild:CreateProject", "codebuild:StartBuild"),
    _passing("codebuild", "codebuild:CreateProject", "codebuild:StartBuildBatch"),
    _passing("codebuild", "codebuild:UpdateProject", "codebuild:StartBuild"),
    _passing("ecs-tasks", "ecs:RegisterTaskDefinition", "ecs:RunTask"),
    _passing("ecs-tasks", "ecs:RegisterTaskDefinition", "ecs:StartTask"),
    _passing("ecs-tasks", "ecs:RegisterTaskDefinition", "ecs:CreateService"),
    _passing("ecs-tasks", "ecs:RegisterTaskDefinition", "ecs:UpdateService"),
    _passing("ssm", "ssm:StartAutomationExecution"),
    _passing("states", "states:CreateStateMachine", "states:StartExecution"),
    _passing("states", "states:UpdateStateMachine", "states:StartExecution"),
    _passing("scheduler", "scheduler:CreateSchedule"),
    _passing("elasticmapreduce", "elasticmapreduce:RunJobFlow"),
    _passing("batch", "batch:RegisterJobDefinition", "batch:SubmitJob"),
    _passing("apprunner", "apprunner:CreateService"),
    _passing("braket", "braket:CreateJob"),
    _passing("cognito-identity", "cognito-identity:SetIdentityPoolRoles"),
    _passing("kinesisanalytics", "kinesisanalytics:CreateApplication", "kinesisanalytics:StartApplication"),
    _passing(
        "ec2",
        "imagebuilder:CreateComponent",
        "imagebuilder:CreateImageRecipe",
        "imagebuilder:CreateInfrastructureConfiguration",
        "imagebuilder:CreateImage",
    ),
    _passing(
        "bedrock-agentcore",
        "bedrock-agentcore:CreateCodeInterpreter",
        "bedrock-agentcore:StartCodeInterpreterSession",
        "bedrock-agentcore:InvokeCodeInterpreter",
    ),
    # Without a role of one's own choosing: these act as whatever already runs there.
    _direct("lambda:UpdateFunctionCode"),
    _direct("lambda:UpdateFunctionConfiguration"),
    _direct("glue:UpdateDevEndpoint"),
    _direct("sagemaker:CreatePresignedNotebookInstanceUrl"),
    _direct(
        "sagemaker:CreateNotebookInstanceLifecycleConfig",
        "sagemaker:StopNotebookInstance",
        "sagemaker:UpdateNotebookInstance",
        "sagemaker:StartNotebookInstance",
    ),
    _direct("apprunner:UpdateService"),
    _direct("codedeploy:RegisterApplicationRevision", "codedeploy:GetDeploymentConfig", "codedeploy:CreateDeployment"),
    _direct("ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate"),
    _direct("ssm:SendCommand"),
    _direct("ssm:StartSession"),
    _direct("ec2-instance-connect:SendSSHPublicKey"),
    _direct("ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"),
    _direct("ecs:ExecuteCommand"),
    _direct("codebuild:StartBuild"),
    _direct("cloudformation:UpdateStack"),
    _direct("cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
)
