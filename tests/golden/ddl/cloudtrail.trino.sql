CREATE TABLE IF NOT EXISTS cloudtrail_documents (
    "records" array(row("eventversion" varchar, "useridentity" row("type" varchar, "principalid" varchar, "arn" varchar, "accountid" varchar, "invokedby" varchar, "accesskeyid" varchar, "username" varchar, "identityprovider" varchar, "credentialid" varchar, "onbehalfof" row("userid" varchar, "identitystorearn" varchar), "inscopeof" row("sourcearn" varchar, "sourceaccount" varchar, "issuertype" varchar, "credentialsissuedto" varchar), "invokedbydelegate" row("accountid" varchar), "sessioncontext" row("attributes" row("mfaauthenticated" varchar, "creationdate" varchar), "sessionissuer" row("type" varchar, "principalid" varchar, "arn" varchar, "accountid" varchar, "username" varchar), "ec2roledelivery" varchar, "webidfederationdata" row("federatedprovider" varchar, "attributes" map(varchar, varchar)), "sourceidentity" varchar, "assumedroot" varchar)), "eventtime" varchar, "eventsource" varchar, "eventname" varchar, "awsregion" varchar, "sourceipaddress" varchar, "useragent" varchar, "errorcode" varchar, "errormessage" varchar, "requestparameters" varchar, "responseelements" varchar, "additionaleventdata" varchar, "requestid" varchar, "eventid" varchar, "readonly" varchar, "resources" array(row("arn" varchar, "accountid" varchar, "type" varchar)), "eventtype" varchar, "apiversion" varchar, "recipientaccountid" varchar, "sharedeventid" varchar, "vpcendpointid" varchar, "vpcendpointaccountid" varchar, "serviceeventdetails" varchar, "managementevent" boolean, "eventcategory" varchar, "addendum" row("reason" varchar, "updatedfields" varchar, "originalrequestid" varchar, "originaleventid" varchar), "sessioncredentialfromconsole" varchar, "edgedevicedetails" varchar, "tlsdetails" row("tlsversion" varchar, "ciphersuite" varchar, "clientprovidedhostheader" varchar, "keyexchange" varchar))),
    "account_id" varchar WITH (partition_projection_type = 'ENUM', partition_projection_values = ARRAY['111122223333']),
    "region" varchar WITH (partition_projection_type = 'ENUM', partition_projection_values = ARRAY['us-east-1']),
    "day" varchar WITH (partition_projection_type = 'DATE', partition_projection_range = ARRAY['2024/01/01', 'NOW'], partition_projection_interval = 1, partition_projection_interval_unit = 'DAYS', partition_projection_format = 'yyyy/MM/dd')
)
WITH (
    format = 'OPENX_JSON',
    external_location = 's3://trail-bucket/AWSLogs/',
    partitioned_by = ARRAY['account_id', 'region', 'day'],
    partition_projection_enabled = true,
    partition_projection_location_template = 's3://trail-bucket/AWSLogs/${account_id}/CloudTrail/${region}/${day}/'
);

CREATE OR REPLACE VIEW cloudtrail_raw AS
SELECT
    u."eventversion",
    u."useridentity",
    u."eventtime",
    u."eventsource",
    u."eventname",
    u."awsregion",
    u."sourceipaddress",
    u."useragent",
    u."errorcode",
    u."errormessage",
    u."requestparameters",
    u."responseelements",
    u."additionaleventdata",
    u."requestid",
    u."eventid",
    u."readonly",
    u."resources",
    u."eventtype",
    u."apiversion",
    u."recipientaccountid",
    u."sharedeventid",
    u."vpcendpointid",
    u."vpcendpointaccountid",
    u."serviceeventdetails",
    u."managementevent",
    u."eventcategory",
    u."addendum",
    u."sessioncredentialfromconsole",
    u."edgedevicedetails",
    u."tlsdetails",
    d."account_id",
    d."region",
    d."day",
    d."$path" AS "$path"
FROM cloudtrail_documents AS d
CROSS JOIN UNNEST(d.records) AS u ("eventversion", "useridentity", "eventtime", "eventsource", "eventname", "awsregion", "sourceipaddress", "useragent", "errorcode", "errormessage", "requestparameters", "responseelements", "additionaleventdata", "requestid", "eventid", "readonly", "resources", "eventtype", "apiversion", "recipientaccountid", "sharedeventid", "vpcendpointid", "vpcendpointaccountid", "serviceeventdetails", "managementevent", "eventcategory", "addendum", "sessioncredentialfromconsole", "edgedevicedetails", "tlsdetails");

