"""Certificates in ACM, IAM and RDS: each test says what AWS answers, and where that is documented."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from cryptography import x509

from hasivu_play.sandbox.edge import authority
from hasivu_play.sandbox.edge.certificates import DATABASE_ROOT, read_certificate
from hasivu_play.sandbox.edge.names import DOMAIN

EVERY_KEY = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]


def listed(aws, region="ap-south-1", **filters):
    pages = aws.client("acm", region).get_paginator("list_certificates").paginate(**filters)
    found = [entry for page in pages for entry in page["CertificateSummaryList"]]
    return {entry["DomainName"].removesuffix(f".{DOMAIN}"): entry for entry in found}


def every(aws, region="ap-south-1"):
    return listed(aws, region, Includes={"keyTypes": EVERY_KEY})


def detail(aws, name, region="ap-south-1"):
    arn = every(aws, region)[name]["CertificateArn"]
    return aws.client("acm", region).describe_certificate(CertificateArn=arn)["Certificate"]


@pytest.fixture(scope="module")
def issuer():
    now = datetime.now(UTC)
    return authority.make_intermediate("Issuing", now, authority.make_root("Root", now))


@pytest.fixture
def issued(issuer, name):
    return authority.make_server([f"{name}.example.org"], datetime.now(UTC) + timedelta(days=60), issuer)


def test_certificates_of_elliptic_curves_are_listed_only_when_asked_for(aws):
    """ "Default filtering returns only RSA_1024 and RSA_2048 certificates" (ACM API Reference, Filters, keyTypes)."""
    assert listed(aws) == {}
    assert {"api", "admin", "legacy", "retired"} <= set(every(aws))
    assert listed(aws, Includes={"keyTypes": ["RSA_4096"]}) == {}


def test_certificates_come_in_pages(aws):
    """MaxItems and NextToken page ListCertificates (ACM API Reference, ListCertificates)."""
    pages = (
        aws.client("acm")
        .get_paginator("list_certificates")
        .paginate(Includes={"keyTypes": EVERY_KEY}, PaginationConfig={"PageSize": 2})
    )
    sizes = [len(page["CertificateSummaryList"]) for page in pages]
    assert sum(sizes) == len(every(aws))
    assert len(sizes) > 1
    assert set(sizes[:-1]) == {2}


def test_each_region_has_certificates_of_its_own(aws):
    """A certificate for CloudFront must be in us-east-1 (ACM User Guide, Supported Regions)."""
    assert set(every(aws, "us-east-1")) == {"www"}
    assert "www" not in every(aws)


def test_an_imported_certificate_has_its_own_name_dates_and_key(aws):
    """NotAfter, DomainName and KeyAlgorithm come from the certificate; a past NotAfter makes it EXPIRED; ImportedAt
    exists only when imported, IssuedAt and RenewalSummary only when not (ACM API Reference, CertificateDetail)."""
    found = every(aws)
    assert found["retired"]["Status"] == "EXPIRED"
    assert found["api"]["Status"] == "ISSUED"
    assert (found["api"]["InUse"], found["retired"]["InUse"]) == (True, False)
    admin = detail(aws, "admin")
    assert timedelta(days=9) < admin["NotAfter"] - datetime.now(UTC) < timedelta(days=10)
    assert (admin["KeyAlgorithm"], admin["SignatureAlgorithm"]) == ("EC_prime256v1", "SHA256WITHECDSA")
    assert (admin["Type"], admin["RenewalEligibility"]) == ("IMPORTED", "INELIGIBLE")
    assert "ImportedAt" in admin
    assert not {"IssuedAt", "RenewalSummary"} & set(admin)


def test_a_certificate_that_acm_issued_says_how_its_renewal_goes(aws):
    """RenewalSummary and DomainValidationOptions (ACM API Reference, CertificateDetail)."""
    www, reports = detail(aws, "www", "us-east-1"), detail(aws, "reports")
    assert (www["Type"], www["RenewalEligibility"]) == ("AMAZON_ISSUED", "ELIGIBLE")
    assert www["RenewalSummary"]["RenewalStatus"] == "SUCCESS"
    assert reports["RenewalSummary"]["RenewalStatus"] == "PENDING_VALIDATION"
    assert www["DomainValidationOptions"][0]["ResourceRecord"]["Type"] == "CNAME"
    assert "ImportedAt" not in www


def test_a_renewal_goes_on_by_itself_once_the_record_is_there(own_aws):
    """ACM renews what is in use as long as its CNAME record is in the zone, and the ARN remains the same (ACM User
    Guide, Managed certificate renewal and Renewal for domains validated by DNS)."""
    own_aws.start()
    before = detail(own_aws, "reports")
    zone = own_aws.layout.part("edge") / "zone.json"
    zone.write_text('{"validated": ["www", "reports"]}')
    after = detail(own_aws, "reports")
    held = own_aws.client("acm").get_certificate(CertificateArn=after["CertificateArn"])
    served = x509.load_pem_x509_certificate(held["Certificate"].encode())
    assert before["NotAfter"] - datetime.now(UTC) < timedelta(days=26)
    assert after["NotAfter"] - datetime.now(UTC) > timedelta(days=190)
    assert (after["CertificateArn"], after["InUseBy"]) == (before["CertificateArn"], before["InUseBy"])
    assert after["Serial"] != before["Serial"]
    assert after["RenewalSummary"]["RenewalStatus"] == "SUCCESS"
    assert after["RenewalSummary"]["DomainValidationOptions"][0]["ValidationStatus"] == "SUCCESS"
    assert served == read_certificate(own_aws.layout, "reports")
    assert detail(own_aws, "reports")["Serial"] == after["Serial"]


def test_an_import_keeps_its_address_and_its_users(aws, issued, issuer):
    """ "Include this argument only when you want to replace a previously imported certificate"; the resources that use
    it go on using it (ACM API Reference, ImportCertificate; User Guide, Reimport a certificate)."""
    client = aws.client("acm")
    before = detail(aws, "legacy")
    old = client.get_certificate(CertificateArn=before["CertificateArn"])
    sent = {"Certificate": issued.pem, "PrivateKey": issued.key_pem, "CertificateChain": issuer.pem}
    arn = client.import_certificate(CertificateArn=before["CertificateArn"], **sent)["CertificateArn"]
    after = client.describe_certificate(CertificateArn=arn)["Certificate"]
    held = client.get_certificate(CertificateArn=arn)
    assert arn == before["CertificateArn"]
    assert after["InUseBy"] == before["InUseBy"]
    assert after["Serial"] != before["Serial"]
    assert held["Certificate"] == issued.pem != old["Certificate"]
    assert "PrivateKey" not in held


def test_what_acm_would_not_take_is_refused(aws, issued, issuer):
    """ "You must enter the private key that matches"; "The current time must be between the Not Before and Not After"
    (ACM API Reference, ImportCertificate)."""
    client = aws.client("acm")
    ended = authority.make_server(["x.example.org"], datetime.now(UTC) - timedelta(days=1), issuer)
    amazons = detail(aws, "reports")["CertificateArn"]
    for wrong in (
        {"Certificate": issued.pem, "PrivateKey": ended.key_pem},
        {"Certificate": ended.pem, "PrivateKey": ended.key_pem},
        {"Certificate": issued.pem, "PrivateKey": issued.key_pem, "CertificateArn": amazons},
    ):
        with pytest.raises(ClientError, match="ValidationException"):
            client.import_certificate(**wrong)


def test_a_server_certificate_of_iam_is_uploaded_listed_read_and_deleted(aws, issued, name):
    """UploadServerCertificate, ListServerCertificates, GetServerCertificate, DeleteServerCertificate
    (IAM API Reference); the private key is never given back."""
    client = aws.client("iam")
    sent = {"CertificateBody": issued.pem, "PrivateKey": issued.key_pem}
    client.upload_server_certificate(ServerCertificateName=name, **sent)
    with pytest.raises(client.exceptions.EntityAlreadyExistsException):
        client.upload_server_certificate(ServerCertificateName=name, **sent)
    pages = client.get_paginator("list_server_certificates").paginate(PaginationConfig={"PageSize": 1})
    found = {entry["ServerCertificateName"]: entry for page in pages for entry in page["ServerCertificateMetadataList"]}
    assert found["hasivu-partners"]["Expiration"] < datetime.now(UTC)
    assert found[name]["Arn"].endswith(f":server-certificate/{name}")
    read = client.get_server_certificate(ServerCertificateName=name)["ServerCertificate"]
    assert read["CertificateBody"].strip() == issued.pem.strip()
    assert "PRIVATE KEY" not in str(read)
    client.delete_server_certificate(ServerCertificateName=name)
    with pytest.raises(client.exceptions.NoSuchEntityException):
        client.get_server_certificate(ServerCertificateName=name)


def test_what_iam_would_not_take_is_refused(aws, issued, issuer, name):
    """MalformedCertificate and KeyPairMismatch (IAM API Reference, UploadServerCertificate, Errors)."""
    client = aws.client("iam")
    ended = authority.make_server(["x.example.org"], datetime.now(UTC) - timedelta(days=1), issuer)
    for body, key, code in (
        ("no certificate", issued.key_pem, "MalformedCertificate"),
        (ended.pem, ended.key_pem, "MalformedCertificate"),
        (issued.pem, ended.key_pem, "KeyPairMismatch"),
    ):
        with pytest.raises(ClientError, match=code):
            client.upload_server_certificate(ServerCertificateName=name, CertificateBody=body, PrivateKey=key)


def test_server_certificates_survive_a_kill(own_aws):
    """What AWS has acknowledged is kept."""
    own_aws.start()
    own_aws.client("iam").delete_server_certificate(ServerCertificateName="hasivu-partners")
    own_aws.end(9)
    own_aws.start()
    assert own_aws.client("iam").list_server_certificates()["ServerCertificateMetadataList"] == []
    assert set(every(own_aws, "us-east-1")) == {"www"}


def test_rds_names_the_authority_of_the_instance_and_when_its_certificate_ends(aws):
    """CACertificateIdentifier and CertificateDetails (RDS API Reference, DBInstance); Thumbprint and ValidTill
    (RDS API Reference, Certificate)."""
    client = aws.client("rds")
    instance = client.describe_db_instances()["DBInstances"][0]
    known = client.describe_certificates(CertificateIdentifier=instance["CACertificateIdentifier"])["Certificates"]
    root = read_certificate(aws.layout, DATABASE_ROOT)
    assert known[0]["ValidTill"] == root.not_valid_after_utc
    assert len(known[0]["Thumbprint"]) == 40
    assert instance["CertificateDetails"]["CAIdentifier"] == known[0]["CertificateIdentifier"]
    left = instance["CertificateDetails"]["ValidTill"] - datetime.now(UTC)
    assert timedelta(days=180) < left < timedelta(days=550)
    with pytest.raises(ClientError, match="CertificateNotFound"):
        client.describe_certificates(CertificateIdentifier="rds-ca-2015")
