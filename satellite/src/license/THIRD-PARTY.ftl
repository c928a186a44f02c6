What satellite.jar redistributes. The texts and notices of these libraries are in META-INF/licenses, a folder for each.

<#list dependencyMap as entry>
${entry.key.groupId}:${entry.key.artifactId}:${entry.key.version}  ${entry.value?join(", ")}
</#list>

Inside these, by their own words:

netty-common             jctools-core, Apache-2.0; parts of SLF4J, MIT, and of Apache Harmony, Apache-2.0
netty-codec-compression  parts of jbzip2, libdivsufsort and jfastlz, MIT
netty-codec-http         parts of Webbit, BSD-3-Clause; Bjoern Hoehrmann's UTF-8 decoder, MIT
netty-codec-http2        parts of Twitter's hpack, Apache-2.0, hyper-hpack and nghttp2, MIT
kafka-clients            protobuf-java, BSD-3-Clause; opentelemetry-proto and commons-net, Apache-2.0
prometheus-metrics-exposition-formats  protobuf-java, BSD-3-Clause
kotlin-stdlib            parts of ThreeTen backport, BSD-3-Clause
jackson-core             FastDoubleParser and Schubfach, MIT
zstd-jni                 Zstandard, BSD-3-Clause
lz4-java                 LZ4 and xxHash, BSD-2-Clause
snappy-java              Snappy, BSD-3-Clause; bitshuffle, MIT

Descriptions of messages, compiled from published .proto files, are in satellite/pipes/json/messages.desc; META-INF/NOTICE names them.
