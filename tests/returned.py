"""Letters as mail servers write them about ours: made up, in the shapes of Postfix, Exim, Exchange and others."""

from textwrap import dedent

OURS = "<5f0c3a9d1b7e4c2f8a6d0e9b3c1f7a52@dxday.example>"


def _letter(text: str) -> bytes:
    return dedent(text).lstrip("\n").replace("\n", "\r\n").encode()


def postfix(
    message_id: str = OURS,
    *,
    to: str = "citizen@example.org",
    action: str = "failed",
    status: str = "5.1.1",
    said: str = "550 5.1.1 <citizen@example.org>: Recipient address rejected: User unknown in table",
) -> bytes:
    """A report of Postfix, which returns the whole letter."""
    return _letter(f"""
        Return-Path: <>
        From: MAILER-DAEMON@mail.example.net (Mail Delivery System)
        To: bounces@dxday.example
        Subject: Undelivered Mail Returned to Sender
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status;
            boundary="4FQ1.1700000000/mail.example.net"
        Message-Id: <20261010010203.4FQ1@mail.example.net>

        This is a MIME-encapsulated message.

        --4FQ1.1700000000/mail.example.net
        Content-Description: Notification
        Content-Type: text/plain; charset=us-ascii

        This is the mail system at host mail.example.net.

        I'm sorry to have to inform you that your message could not
        be delivered to one or more recipients.

        --4FQ1.1700000000/mail.example.net
        Content-Description: Delivery report
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mail.example.net
        X-Postfix-Queue-ID: 4FQ1
        X-Postfix-Sender: rfc822; bounces@dxday.example
        Arrival-Date: Sat, 10 Oct 2026 08:02:01 +0700 (+07)

        Final-Recipient: rfc822; {to}
        Original-Recipient: rfc822;{to}
        Action: {action}
        Status: {status}
        Remote-MTA: dns; mx.example.org
        Diagnostic-Code: smtp; {said}

        --4FQ1.1700000000/mail.example.net
        Content-Description: Undelivered Message
        Content-Type: message/rfc822

        Return-Path: <bounces@dxday.example>
        Received: from dxday.example by mail.example.net; Sat, 10 Oct 2026 08:02:01 +0700
        From: DXDay <no-reply@dxday.example>
        To: {to}
        Subject: Tomorrow: Vinh site
        Message-ID: {message_id}
        MIME-Version: 1.0
        Content-Type: multipart/alternative; boundary="inner"

        --inner
        Content-Type: text/plain; charset=utf-8

        Dear reader
        --inner--

        --4FQ1.1700000000/mail.example.net--
        """)


def exim(message_id: str = OURS, *, to: str = "citizen@example.org") -> bytes:
    """A report of Exim: a vague status, the exact one in what the next server said, and the head alone."""
    return _letter(f"""
        Return-path: <>
        From: Mail Delivery System <Mailer-Daemon@host.example.net>
        To: bounces@dxday.example
        X-Failed-Recipients: {to}
        Auto-Submitted: auto-replied
        References: {message_id}
        Content-Type: multipart/report; report-type=delivery-status; boundary=1700000000-eximdsn-123
        MIME-Version: 1.0
        Subject: Mail delivery failed: returning message to sender

        --1700000000-eximdsn-123
        Content-type: text/plain; charset=us-ascii

        A message that you sent could not be delivered to one or more of its
        recipients. This is a permanent error.

        --1700000000-eximdsn-123
        Content-type: message/delivery-status

        Reporting-MTA: dns; host.example.net

        Action: failed
        Final-Recipient: rfc822;{to}
        Status: 5.0.0
        Remote-MTA: dns; mx.example.org
        Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does
         not exist. 550 5.1.1 Try double-checking the address.

        --1700000000-eximdsn-123
        Content-type: text/rfc822-headers

        Return-path: <bounces@dxday.example>
        From: DXDay <no-reply@dxday.example>
        To: {to}
        Message-ID:
         {message_id}
        Subject: Tomorrow: Vinh site

        --1700000000-eximdsn-123--
        """)


def exchange(message_id: str = OURS, *, to: str = "citizen@example.org") -> bytes:
    """A report of Exchange: a page in HTML, an encoded status part and no Message-ID in the returned head."""
    return _letter(f"""
        From: <postmaster@tenant.example.com>
        To: <bounces@dxday.example>
        Date: Sat, 10 Oct 2026 01:02:03 +0000
        Content-Type: multipart/report; report-type=delivery-status;
        \tboundary="c0ffee_outer"
        X-MS-Exchange-Message-Is-Ndr:
        Content-Language: vi-VN
        Message-ID: <c0ffee@tenant.example.com>
        In-Reply-To: {message_id}
        References: {message_id}
        Subject: =?utf-8?B?S2jDtG5nIHRo4buDIGfhu61pOiBOaOG6r2MgbmjhuqE=?=
        Auto-Submitted: auto-replied
        MIME-Version: 1.0

        --c0ffee_outer
        Content-Type: multipart/alternative; differences=Content-Type; boundary="c0ffee_inner"

        --c0ffee_inner
        Content-Type: text/plain; charset="utf-8"
        Content-Transfer-Encoding: quoted-printable

        Kh=C3=B4ng th=E1=BB=83 g=E1=BB=ADi th=C6=B0.
        --c0ffee_inner
        Content-Type: text/html; charset="utf-8"

        <html><body><p>Không thể gửi thư.</p></body></html>
        --c0ffee_inner--

        --c0ffee_outer
        Content-Type: message/delivery-status

        Reporting-MTA: dns;HK0PR01MB0001.apcprd01.prod.example.com
        Received-From-MTA: dns;mail.example.net

        Final-Recipient: rfc822;{to}
        Action: failed
        Status: 5.1.10
        Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {to} not found by SMTP address lookup
        X-Display-Name: Nguyễn Văn Mẫu

        --c0ffee_outer
        Content-Type: message/rfc822

        From: DXDay <no-reply@dxday.example>
        To: <{to}>
        Subject: Tomorrow: Vinh site

        --c0ffee_outer--
        """)


def complaint(message_id: str = OURS, *, kind: str = "abuse") -> bytes:
    """A report of a mailbox provider whose reader pressed “this is spam” (RFC 5965)."""
    return _letter(f"""
        From: <abusedesk@provider.example>
        To: <bounces@dxday.example>
        Subject: FW: Tomorrow: Vinh site
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=feedback-report; boundary="part1_13d"

        --part1_13d
        Content-Type: text/plain; charset="US-ASCII"

        This is an email abuse report for an email message received from IP 192.0.2.1.

        --part1_13d
        Content-Type: message/feedback-report

        Feedback-Type: {kind}
        User-Agent: SomeGenerator/1.0
        Version: 1
        Original-Rcpt-To: <citizen@example.org>
        Source-IP: 192.0.2.1

        --part1_13d
        Content-Type: message/rfc822

        From: DXDay <no-reply@dxday.example>
        To: <citizen@example.org>
        Message-ID: {message_id}
        Subject: Tomorrow: Vinh site

        Dear reader

        --part1_13d--
        """)


def auto_reply(message_id: str = OURS) -> bytes:
    """Somebody is on holiday, and quotes a frightening number."""
    return _letter(f"""
        From: citizen@example.org
        To: no-reply@dxday.example
        Subject: Tự động trả lời: 550 5.1.1
        Auto-Submitted: auto-replied
        In-Reply-To: {message_id}
        Content-Type: text/plain; charset=utf-8

        Final-Recipient: rfc822; citizen@example.org
        Action: failed
        Status: 5.1.1
        """)


def receipt(message_id: str = OURS) -> bytes:
    """Somebody read it (RFC 8098)."""
    return _letter(f"""
        From: citizen@example.org
        Subject: Read: Tomorrow: Vinh site
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=disposition-notification; boundary="mdn"

        --mdn
        Content-Type: text/plain

        Your message was displayed.
        --mdn
        Content-Type: message/disposition-notification

        Final-Recipient: rfc822;citizen@example.org
        Original-Message-ID: {message_id}
        Disposition: manual-action/MDN-sent-manually; displayed

        --mdn--
        """)
