-- ---
-- title: Which classes of events the logs hold
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Could these logs have shown that data was read, written or handed out?
-- pivot: {part: coverage}
-- columns: {shows: text, event_count: integer}
-- misses:
--   - A trail may hold a class for some buckets, tables or functions only
--   - A class that is switched on and was not used in the window
-- next: Where a class is missing, nothing can be said about it. Look for other logs that hold it,
--   such as S3 server access logs.
-- references:
--   - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
-- ---
WITH classes AS (
    SELECT
        known.shows,
        known.class_source
    FROM UNNEST(
        ARRAY[
            'objects of S3',
            'items of DynamoDB',
            'calls of Lambda functions',
            'blocks of EBS snapshots',
            'messages of SQS',
            'messages of SNS'
        ],
        ARRAY[
            's3.amazonaws.com',
            'dynamodb.amazonaws.com',
            'lambda.amazonaws.com',
            'ebs.amazonaws.com',
            'sqs.amazonaws.com',
            'sns.amazonaws.com'
        ]
    ) AS known (shows, class_source)
),

seen AS (
    SELECT
        event_source,
        COUNT(DISTINCT event_id) AS event_count
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source IN (
            's3.amazonaws.com',
            'dynamodb.amazonaws.com',
            'lambda.amazonaws.com',
            'ebs.amazonaws.com',
            'sqs.amazonaws.com',
            'sns.amazonaws.com'
        )
        AND event_category = 'Data'
    GROUP BY event_source
)

SELECT
    classes.shows,
    COALESCE(seen.event_count, 0) AS event_count
FROM classes
LEFT JOIN seen
    ON classes.class_source = seen.event_source
ORDER BY classes.shows
