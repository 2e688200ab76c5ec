"""The operations that the emulator answers as AWS does; every other operation is refused with HTTP 501.

An operation is added here once its answer was compared with what AWS documents, never to silence a refusal.
"""

from __future__ import annotations

from types import MappingProxyType

NAMES = {
    "sts": "AssumeRole GetCallerIdentity",
    "iam": """
        AddUserToGroup AttachGroupPolicy AttachRolePolicy AttachUserPolicy CreateAccessKey CreateAccountAlias
        CreateGroup CreateLoginProfile CreatePolicy CreatePolicyVersion CreateRole CreateUser CreateVirtualMFADevice
        DeactivateMFADevice DeleteAccessKey DeleteAccountPasswordPolicy DeleteGroup DeleteGroupPolicy DeleteLoginProfile
        DeletePolicy DeletePolicyVersion DeleteRole DeleteRolePolicy DeleteServerCertificate DeleteUser DeleteUserPolicy
        DeleteVirtualMFADevice DetachGroupPolicy DetachRolePolicy DetachUserPolicy EnableMFADevice
        GenerateCredentialReport GetAccessKeyLastUsed GetAccountAuthorizationDetails GetAccountPasswordPolicy
        GetAccountSummary GetCredentialReport GetGroup GetGroupPolicy GetLoginProfile GetPolicy GetPolicyVersion GetRole
        GetRolePolicy GetServerCertificate GetUser GetUserPolicy ListAccessKeys ListAccountAliases
        ListAttachedGroupPolicies ListAttachedRolePolicies ListAttachedUserPolicies ListEntitiesForPolicy
        ListGroupPolicies ListGroups ListGroupsForUser ListMFADevices ListPolicies ListPolicyVersions ListRolePolicies
        ListRoleTags ListRoles ListServerCertificates ListUserPolicies ListUserTags ListUsers ListVirtualMFADevices
        PutGroupPolicy PutRolePolicy PutUserPolicy RemoveUserFromGroup TagRole TagUser UntagRole UntagUser
        UpdateAccessKey UpdateAccountPasswordPolicy UpdateAssumeRolePolicy UpdateLoginProfile UpdateRole
        UploadServerCertificate
        """,
    "rds": """
        AddTagsToResource CreateDBInstanceReadReplica CreateDBProxy CreateDBSnapshot DeleteDBInstance DeleteDBProxy
        DeleteDBSnapshot DeregisterDBProxyTargets DescribeAccountAttributes
        DescribeCertificates DescribeDBClusters DescribeDBEngineVersions DescribeDBInstanceAutomatedBackups
        DescribeDBInstances DescribeDBParameterGroups DescribeDBParameters DescribeDBProxies
        DescribeDBProxyTargetGroups DescribeDBProxyTargets DescribeDBSnapshots DescribeDBSubnetGroups DescribeEvents
        DescribeOptionGroups DescribePendingMaintenanceActions ListTagsForResource ModifyDBInstance PromoteReadReplica
        RebootDBInstance RegisterDBProxyTargets RemoveTagsFromResource RestoreDBInstanceFromDBSnapshot
        RestoreDBInstanceToPointInTime StartDBInstance StartDBInstanceAutomatedBackupsReplication
        StopDBInstance StopDBInstanceAutomatedBackupsReplication
        """,
    "cloudwatch": """
        DeleteAlarms DeleteDashboards DescribeAlarmHistory DescribeAlarms DescribeAlarmsForMetric DisableAlarmActions
        EnableAlarmActions GetDashboard GetMetricData GetMetricStatistics ListDashboards ListMetrics ListTagsForResource
        PutDashboard PutMetricAlarm PutMetricData SetAlarmState TagResource UntagResource
        """,
    "logs": """
        CreateLogGroup CreateLogStream DeleteLogGroup DeleteLogStream DeleteMetricFilter DeleteRetentionPolicy
        DeleteSubscriptionFilter DescribeLogGroups DescribeLogStreams DescribeMetricFilters DescribeSubscriptionFilters
        FilterLogEvents GetLogEvents ListTagsForResource PutLogEvents PutMetricFilter PutRetentionPolicy
        PutSubscriptionFilter TagResource UntagResource
        """,
    "secretsmanager": """
        CreateSecret DeleteSecret DescribeSecret GetRandomPassword GetResourcePolicy GetSecretValue ListSecretVersionIds
        ListSecrets PutResourcePolicy PutSecretValue RestoreSecret TagResource UntagResource UpdateSecret
        UpdateSecretVersionStage
        """,
    "s3": """
        AbortMultipartUpload CompleteMultipartUpload CopyObject CreateBucket CreateMultipartUpload DeleteBucket
        DeleteBucketLifecycle DeleteBucketPolicy DeleteBucketTagging DeleteObject DeleteObjectTagging DeleteObjects
        DeletePublicAccessBlock GetBucketEncryption GetBucketLifecycleConfiguration GetBucketLocation GetBucketPolicy
        GetBucketReplication GetBucketTagging GetBucketVersioning GetObject GetObjectLegalHold
        GetObjectLockConfiguration GetObjectRetention GetObjectTagging GetPublicAccessBlock HeadBucket HeadObject
        ListBuckets ListMultipartUploads ListObjectVersions ListObjects ListObjectsV2 ListParts PutBucketEncryption
        PutBucketLifecycleConfiguration PutBucketPolicy PutBucketTagging PutBucketVersioning PutObject
        PutObjectLegalHold PutObjectLockConfiguration PutObjectRetention PutObjectTagging PutPublicAccessBlock
        UploadPart UploadPartCopy
        """,
    "lambda": """
        AddPermission CreateAlias CreateEventSourceMapping CreateFunction DeleteAlias DeleteEventSourceMapping
        DeleteFunction DeleteFunctionConcurrency DeleteProvisionedConcurrencyConfig GetAccountSettings GetAlias
        GetEventSourceMapping GetFunction GetFunctionConcurrency GetFunctionConfiguration GetLayerVersion
        GetLayerVersionByArn GetPolicy GetProvisionedConcurrencyConfig Invoke ListAliases ListEventSourceMappings
        ListFunctions ListLayerVersions ListTags ListVersionsByFunction PublishLayerVersion PublishVersion
        PutFunctionConcurrency PutProvisionedConcurrencyConfig RemovePermission TagResource UntagResource UpdateAlias
        UpdateEventSourceMapping UpdateFunctionCode UpdateFunctionConfiguration
        """,
    "sqs": """
        ChangeMessageVisibility CreateQueue DeleteMessage DeleteMessageBatch DeleteQueue GetQueueAttributes GetQueueUrl
        ListQueueTags ListQueues PurgeQueue ReceiveMessage SendMessage SendMessageBatch SetQueueAttributes TagQueue
        UntagQueue
        """,
    "sns": """
        CreateTopic DeleteTopic GetSubscriptionAttributes GetTopicAttributes ListSubscriptions ListSubscriptionsByTopic
        ListTagsForResource ListTopics Publish SetTopicAttributes Subscribe TagResource Unsubscribe UntagResource
        """,
    "elasticache": """
        AddTagsToResource DescribeCacheClusters DescribeCacheParameterGroups DescribeCacheParameters
        DescribeCacheSubnetGroups DescribeEvents DescribeReplicationGroups DescribeSnapshots ListTagsForResource
        ModifyReplicationGroup RemoveTagsFromResource
        """,
    "backup": "DescribeBackupJob DescribeBackupVault GetBackupPlan ListBackupJobs ListBackupPlans ListBackupVaults",
    "acm": """
        AddTagsToCertificate DeleteCertificate DescribeCertificate GetCertificate ImportCertificate ListCertificates
        ListTagsForCertificate RemoveTagsFromCertificate
        """,
    "cloudtrail": """
        CreateTrail DeleteTrail DescribeTrails GetTrail GetTrailStatus ListTrails LookupEvents StartLogging StopLogging
        UpdateTrail
        """,
    "ec2": """
        AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateSecurityGroup CreateTags DeleteSecurityGroup
        DescribeAvailabilityZones DescribeInstances DescribeRegions DescribeSecurityGroupRules DescribeSecurityGroups
        DescribeSubnets DescribeTags DescribeVpcs RevokeSecurityGroupEgress RevokeSecurityGroupIngress
        """,
    "dynamodb": """
        CreateTable DeleteItem DeleteTable DescribeTable DescribeTimeToLive GetItem ListTables PutItem Query Scan
        UpdateItem UpdateTimeToLive
        """,
    "kms": """
        CreateAlias CreateKey Decrypt DescribeKey DisableKey EnableKey EnableKeyRotation Encrypt GenerateDataKey
        GetKeyPolicy GetKeyRotationStatus ListAliases ListKeys ListResourceTags
        """,
    "ssm": """
        AddTagsToResource DeleteParameter DescribeParameters GetParameter GetParameterHistory GetParameters
        GetParametersByPath ListTagsForResource PutParameter
        """,
    "cloudfront": """
        CreateDistribution CreateDistributionWithTags CreateInvalidation GetDistribution GetDistributionConfig
        GetInvalidation ListDistributions ListInvalidations ListTagsForResource UpdateDistribution
        """,
    "events": """
        DescribeRule DisableRule EnableRule ListEventBuses ListRules ListTargetsByRule PutRule PutTargets RemoveTargets
        """,
    "scheduler": "CreateSchedule DeleteSchedule GetSchedule ListSchedules UpdateSchedule",
}

SUPPORTED = MappingProxyType({service: frozenset(names.split()) for service, names in NAMES.items()})
