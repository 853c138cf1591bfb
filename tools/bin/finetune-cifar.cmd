@echo off
rem Starts Mixer4J's command; finetune-cifar --help shows what it does.
setlocal
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java"
if not defined TF_CPP_MIN_LOG_LEVEL set "TF_CPP_MIN_LOG_LEVEL=3"
if not defined TF_ENABLE_ONEDNN_OPTS set "TF_ENABLE_ONEDNN_OPTS=1"
"%JAVA%" --enable-native-access=ALL-UNNAMED -Dorg.bytedeco.javacpp.logger=slf4j -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -XX:+UseSerialGC %JAVA_OPTS% -cp "%~dp0..\lib\*" dev.mixer4j.finetune.command.FinetuneCifar %*
exit /b %ERRORLEVEL%
