// Mail through the providers' own SDKs: send.js PROVIDER URL < mails. A line of standard input is {mail, mode}: the mail as it is
// posted to a gateway, and how this provider is to get it. Each goes out as the SDK's documentation says, one after the other;
// a line of standard output is {id}, what the SDK made of the answer, or {error}.
//
// What the SDKs leave to their caller is done here, apart from the gateway's own code: encoded words, quoted names, and whole
// mails, which nodemailer composes.
'use strict';
const readline = require('readline');
const MailComposer = require('nodemailer/lib/mail-composer');
const keys = require('./keys.json');

const box = (one) => (typeof one === 'string' ? { email: one } : one);
const boxes = (list) => (list || []).map(box);
const filled = (list) => (list.length ? list : undefined);
const isAscii = (text) => /^[\x00-\x7f]*$/.test(text);

// RFC 2047, in words of whole letters.
function encodedWords(text) {
    const words = [];
    let word = '';
    for (const letter of text) {
        if (Buffer.byteLength(word + letter) > 42) { words.push(word); word = ''; }
        word += letter;
    }
    return [...words, word].map((one) => `=?UTF-8?B?${Buffer.from(one).toString('base64')}?=`).join(' ');
}
const headerText = (text) => (isAscii(text) && !text.includes('=?') ? text : encodedWords(text));
const headers = (mail) => Object.fromEntries(Object.entries(mail.headers || {}).map(([name, value]) => [name, headerText(value)]));
const quoted = (name) => `"${name.replace(/["\\]/g, '\\$&')}"`;
const utf8Address = ({ email, name }) => (name ? `${quoted(name)} <${email}>` : email);
const asciiAddress = ({ email, name }) =>
    (!name ? email : `${isAscii(name) && !name.includes('=?') ? quoted(name) : encodedWords(name)} <${email}>`);
const isInline = (file) => file.disposition === 'inline';

function compose(mail) {
    const person = ({ email, name }) => ({ address: email, name: name || '' });
    return new MailComposer({
        from: person(box(mail.from)), to: boxes(mail.to).map(person), cc: boxes(mail.cc).map(person), bcc: boxes(mail.bcc).map(person),
        replyTo: boxes(mail.reply_to).map(person), subject: mail.subject, text: mail.text, html: mail.html,
        headers: Object.entries(mail.headers || {}).map(([key, value]) => ({ key, value })),
        attachments: (mail.attachments || []).map((file) => ({
            filename: file.filename, contentType: file.content_type, content: Buffer.from(file.content, 'base64'),
            contentDisposition: file.disposition || 'attachment', cid: file.content_id,
        })),
    }).compile().build();
}

// ---- the four ------------------------------------------------------------------------------------

function azure(url) {
    const { EmailClient } = require('@azure/communication-email');
    const client = new EmailClient(`endpoint=${url}/;accesskey=${keys.azure}`, { allowInsecureConnection: true });
    const people = (list) => filled(boxes(list).map(({ email, name }) => ({ address: email, displayName: name || undefined })));
    return async ({ mail }) => {
        const chosen = mail.provider_options?.azure || {};
        const switches = ['ignore_duplicate_content_id', 'suppress_invalid_attachment', 'validate_message_id']
            .filter((one) => chosen[one]).map((one) => [`x-ms-acsemail-${one.replaceAll('_', '-')}`, 'true']);
        const all = { ...headers(mail), ...Object.fromEntries(switches) };
        const poller = await client.beginSend({
            senderAddress: box(mail.from).email,
            content: { subject: mail.subject, plainText: mail.text, html: mail.html },
            recipients: { to: people(mail.to) || [], cc: people(mail.cc), bcc: people(mail.bcc) },
            replyTo: people(mail.reply_to),
            headers: Object.keys(all).length ? all : undefined,
            attachments: filled((mail.attachments || []).map((file) => ({
                name: file.filename, contentType: file.content_type, contentInBase64: file.content,
                contentId: isInline(file) ? file.content_id : undefined,
            }))),
            disableUserEngagementTracking: chosen.tracking === 'off' ? true : undefined,
        }, { operationId: chosen.operation_id });
        return (await poller.pollUntilDone()).id;
    };
}

function sendgrid(url) {
    const client = require('@sendgrid/mail');
    client.setApiKey(keys.sendgrid);
    client.client.setDefaultRequest('baseUrl', url);
    const people = (list) => filled(boxes(list));
    return async ({ mail }) => {
        const { sandbox, categories, custom_args, mail_settings, ...rest } = mail.provider_options?.sendgrid || {};
        const answers = boxes(mail.reply_to);
        const [response] = await client.send({
            ...rest, from: box(mail.from), to: people(mail.to), cc: people(mail.cc), bcc: people(mail.bcc),
            ...(answers.length === 1 ? { replyTo: answers[0] } : answers.length ? { replyToList: answers } : {}),
            subject: mail.subject, text: mail.text, html: mail.html, headers: headers(mail),
            attachments: filled((mail.attachments || []).map((file) => ({
                content: file.content, filename: file.filename, type: file.content_type,
                disposition: file.disposition || 'attachment', ...(file.content_id ? { content_id: file.content_id } : {}),
            }))),
            categories: filled([...(mail.tags || []), ...(categories || [])]),
            customArgs: { ...(mail.metadata || {}), ...(custom_args || {}) },
            mailSettings: sandbox ? { ...mail_settings, sandbox_mode: { enable: true } } : mail_settings,
            hideWarnings: true,
        });
        return response.headers['x-message-id'];
    };
}

function mailgun(url) {
    const Mailgun = require('mailgun.js');
    const client = new Mailgun(require('form-data')).client({ username: 'api', key: keys.mailgun, url });
    const people = (list) => filled(boxes(list).map(utf8Address));
    const wireName = { tags: 'o:tag', variables: null, template_version: 't:version', template_text: 't:text',
        template_variables: 't:variables', template: 'template', amp_html: 'amp-html' };
    const parameters = (mail, inForm) => {
        const { mode, tags, variables, ...rest } = mail.provider_options?.mailgun || {};
        const all = [...(mail.tags || []), ...(tags || [])];
        const out = all.length ? { 'o:tag': all } : {};
        for (const [name, value] of Object.entries({ ...mail.metadata, ...variables }))
            out[`v:${name}`] = typeof value === 'string' ? value : JSON.stringify(value);
        for (const [name, value] of Object.entries(rest)) {
            const known = wireName[name] || `o:${name.replaceAll('_', '-')}`;
            out[known] = typeof value === 'object' ? JSON.stringify(value) : value;
            // The SDK turns switches into words in a form only.
            if (typeof value === 'boolean' && !inForm) out[known] = value ? 'yes' : 'no';
        }
        return out;
    };
    const form = (mail) => {
        const files = (inline) => filled((mail.attachments || []).filter((file) => isInline(file) === inline).map((file) => ({
            data: Buffer.from(file.content, 'base64'), contentType: file.content_type,
            filename: inline ? file.content_id : file.filename,
        })));
        const out = { from: utf8Address(box(mail.from)), to: people(mail.to), cc: people(mail.cc), bcc: people(mail.bcc),
            subject: mail.subject, text: mail.text, html: mail.html, attachment: files(false), inline: files(true) };
        if (mail.reply_to?.length) out['h:Reply-To'] = people(mail.reply_to).join(', ');
        for (const [name, value] of Object.entries(mail.headers || {})) out[`h:${name}`] = value;
        for (const name of Object.keys(out)) if (out[name] === undefined) delete out[name];
        return out;
    };
    return async ({ mail, mode }) => {
        const data = mode === 'form' ? form(mail)
            : { to: [...boxes(mail.to), ...boxes(mail.cc), ...boxes(mail.bcc)].map((one) => one.email), message: await compose(mail) };
        return (await client.messages.create('mg.example.com', { ...data, ...parameters(mail, mode === 'form') })).id;
    };
}

function ses(url) {
    const { SESv2Client, SendEmailCommand } = require('@aws-sdk/client-sesv2');
    const clients = Object.fromEntries(['keys', 'session'].map((kind) => [kind, new SESv2Client({
        region: 'eu-west-1', endpoint: url, maxAttempts: 1,
        credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: keys.ses, sessionToken: kind === 'session' ? keys.session : undefined },
    })]));
    const people = (list, address) => filled(boxes(list).map(address));
    const shared = (mail) => ({
        Headers: filled(Object.entries(mail.headers || {}).map(([Name, value]) => ({ Name, Value: headerText(value) }))),
        Attachments: filled((mail.attachments || []).map((file) => ({
            RawContent: Buffer.from(file.content, 'base64'), FileName: file.filename, ContentType: file.content_type,
            ContentDisposition: isInline(file) ? 'INLINE' : 'ATTACHMENT', ContentId: file.content_id,
            ContentTransferEncoding: 'BASE64',
        }))),
    });
    const text = (data) => (data === undefined ? undefined : { Data: data, Charset: 'UTF-8' });
    const content = async (mail, mode, template) => {
        if (mode === 'raw') return { Raw: { Data: await compose(mail) } };
        if (mode === 'template')
            return { Template: { TemplateName: template.name, TemplateArn: template.arn, TemplateData: JSON.stringify(template.data || {}),
                ...shared(mail) } };
        return { Simple: { Subject: text(mail.subject), Body: { Text: text(mail.text), Html: text(mail.html) }, ...shared(mail) } };
    };
    return async ({ mail, mode, session }) => {
        const chosen = mail.provider_options?.ses || {};
        const bare = mode === 'raw';
        const address = bare ? (one) => one.email : asciiAddress;
        const tags = { ...Object.fromEntries((mail.tags || []).map((one) => [one, 'true'])), ...mail.metadata, ...chosen.tags };
        const list = chosen.list_management;
        const answer = await clients[session ? 'session' : 'keys'].send(new SendEmailCommand({
            FromEmailAddress: asciiAddress(box(mail.from)),
            Destination: { ToAddresses: people(mail.to, address), CcAddresses: people(mail.cc, address),
                BccAddresses: people(mail.bcc, address) },
            ReplyToAddresses: bare ? undefined : people(mail.reply_to, address),
            Content: await content(mail, mode, chosen.template),
            EmailTags: filled(Object.entries(tags).map(([Name, Value]) => ({ Name, Value }))),
            ConfigurationSetName: chosen.configuration_set, TenantName: chosen.tenant,
            FromEmailAddressIdentityArn: chosen.from_identity_arn, FeedbackForwardingEmailAddress: chosen.feedback_address,
            FeedbackForwardingEmailAddressIdentityArn: chosen.feedback_identity_arn,
            ListManagementOptions: list && { ContactListName: list.contact_list, TopicName: list.topic },
        }));
        return answer.MessageId;
    };
}

async function main() {
    const [provider, url] = process.argv.slice(2);
    const send = { azure, sendgrid, mailgun, ses }[provider](url);
    for await (const line of readline.createInterface({ input: process.stdin })) {
        let said;
        try {
            said = { id: await send(JSON.parse(line)) };
        } catch (error) {
            said = { error: `${error.stack || error} ${JSON.stringify(error.response?.body || error.details || '')}` };
        }
        process.stdout.write(`${JSON.stringify(said)}\n`);
    }
    process.stdout.write('', () => process.exit());  // a request that failed half-way may hold its connection
}

main();
